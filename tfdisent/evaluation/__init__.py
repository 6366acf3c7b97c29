"""A trained run and metrics give evaluation.json and figures."""
