"""Pictures of a trained model, each from arrays, as matplotlib figures."""
