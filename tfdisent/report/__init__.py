"""One HTML file of all that is known of a run."""
