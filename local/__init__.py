"""The embedded yard: a real one-node Kubernetes on this machine, up and down without a trace.

Deliberately not here: what runs *on* the cluster (``components``), which stack uses the yard
(``cli``), and how its programs are found or built (``tools``). Nothing here starts by itself.
"""
