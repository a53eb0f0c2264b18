"""How the network of `benchmarks/own_trunk.py` is made and trained."""
