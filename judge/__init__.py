"""The statistics of a release: counts in, evidence and verdict out.

Pure: no input, no output, no clock, and no import of any other room. Empty until the judge
lands; the room exists so that the import contracts hold from the first day.
"""
