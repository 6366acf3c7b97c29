"""Data sets with known factors; DATASETS maps a name to its loader."""

from tfdisent.data.dsprites import load_dsprites

DATASETS = {"dsprites": load_dsprites}
