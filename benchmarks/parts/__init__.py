"""What `benchmarks/run.py` runs, a module a part.

Each has a function `run(options)` that returns tables and what they were made from.
"""
