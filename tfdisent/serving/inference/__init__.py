"""One loaded version: checks, batches and runs of requests."""
