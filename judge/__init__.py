"""The statistics of a release: counts in, evidence and verdict out.

Pure: no input, no output, no clock, and no import of any other room; numpy alone. `session` judges
one release, `panel` many at once, and the kernels (`ratio`, `histogram`, `gauge`) hold the
evidence; docs/judge.md explains it to a newcomer.
"""
