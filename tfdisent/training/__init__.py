"""One trainer for all models, and what a run is made of."""
