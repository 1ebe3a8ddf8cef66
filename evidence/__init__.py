"""Producers of verdicts, one a file. Empty until the first producer lands."""
