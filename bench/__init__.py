"""The measurements behind every figure of the project: `python -m bench [NAME…]`."""
