"""The report of one release, for people (`reports/<release>.html`) and machines (`.json`).

`reading` folds a recording into moments, `story` makes the `document` of them, `page` draws it
with `charts`, `history` keeps the line that the exposure policy learns from, and `making` brings
them together. All but `making` is pure.
"""
