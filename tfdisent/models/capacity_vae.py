"""The VAE with controlled capacity (CCI-VAE, annealed VAE)."""

from tfdisent.losses.capacity import READINGS, capacity_penalty
from tfdisent.losses.schedules import linear
from tfdisent.models.arguments import check_at_least, check_choice
from tfdisent.models.vae import VAE


class CapacityVAE(VAE):
    """Holds the rate at a capacity C, which grows while it trains.

    loss = distortion + gamma * |KL(q(z|x) || p(z)) - C(t)|
    C(t) = c_min + (c_max - c_min) min(1, t / capacity_steps)

    With reading "batch" the KL is the mean over the batch (on several replicas:
    over the replica's part of it, unless --global_statistics).

    Args:
      gamma: Weight of the distance from the capacity, at least 0.
      c_min: Capacity at step 0, in nats, at least 0.
      c_max: Capacity from step `capacity_steps` on, in nats, at least c_min.
      capacity_steps: Steps in which the capacity grows.
      reading: Of KL in the loss: batch, its mean over the batch, or image, the
        distance of each image's own.
      **kwargs: See `VAE`.

    Raises:
      UsageError: If a value is unknown or out of range.

    References:
      Burgess et al., "Understanding disentangling in beta-VAE", 2018, eq. 8,
      https://arxiv.org/abs/1804.03599.
    """

    PRESETS = {
        "quick": {"steps": 12_000, "capacity_steps": 8_000, "gamma": 100.0},
        # For dSprites, as far as the paper and its reproductions say.
        "paper": {
            "architecture": "burgess",
            "gamma": 1000.0,
            "c_max": 25.0,
            "capacity_steps": 100_000,
            "optimizer": "adam",
            "learning_rate": 5e-4,
            "batch_size": 64,
            "steps": 300_000,
        },
        # c_max is swept over 5, 10, 25, 50, 75, 100 in the study.
        "study": {
            **VAE.PRESETS["study"],
            "gamma": 1000.0,
            "capacity_steps": 100_000,
        },
    }

    def __init__(
        self,
        *,
        gamma: float = 1000.0,
        c_min: float = 0.0,
        c_max: float = 25.0,
        capacity_steps: int = 100_000,
        reading: str = "batch",
        **kwargs,
    ):
        check_at_least("gamma", gamma, 0.0)
        check_at_least("c_min", c_min, 0.0)
        check_at_least("c_max", c_max, c_min)
        check_at_least("capacity_steps", capacity_steps, 0)
        check_choice("reading", reading, READINGS)
        super().__init__(**kwargs)
        self.gamma = gamma
        self.c_min, self.c_max = c_min, c_max
        self.capacity_steps = capacity_steps
        self.reading = reading

    def regularizer(self, posterior, codes, step):
        capacity = linear(step, self.c_min, self.c_max, self.capacity_steps)
        distance = capacity_penalty(
            self.rate(posterior), capacity, self.reading
        )
        return self.gamma * distance, {"capacity": capacity}
