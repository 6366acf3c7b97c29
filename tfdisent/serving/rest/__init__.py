"""REST: HTTP and JSON to arrays and back."""
