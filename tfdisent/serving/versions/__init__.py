"""Which versions of which models there are, and their coming and going."""
