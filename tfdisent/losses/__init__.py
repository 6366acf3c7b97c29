"""Pure functions of tensors and distributions, one value per example."""
