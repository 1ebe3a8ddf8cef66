"""The judge beside its peers, on seeded traffic: `python -m bench.judge --help`.

Nothing of the judge is re-implemented here: `switchyard.py` drives the product's own panel with a
leading axis of runs. The peers are re-implementations of published rules, each citing its source.
"""
