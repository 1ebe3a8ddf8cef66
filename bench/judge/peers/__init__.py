"""The published rules of other tools, one a file, each with the source it was read from."""
