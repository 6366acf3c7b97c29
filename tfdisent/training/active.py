"""Which latents a model uses."""

# Nats of KL above which a latent counts as active. The 0.01 of Duan et al.
# (2020) also lets through latents whose mean never moves and whose variance is
# 0.87 or less: 0.5 (v - log v - 1) > 0.01. Such latents are common under MWS.
ACTIVE_NATS = 0.05
