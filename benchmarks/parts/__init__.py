"""What `benchmarks/run.py` runs, a module a part.

Each has a `TITLE` and a function `run(options)` that returns tables and what they were made from.
"""
