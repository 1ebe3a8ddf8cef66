"""``python -m images``: bake, list, verify."""
