"""The parts of `benchmarks/run.py`, one module each.

Each has a function `run(options)` that returns tables and their data.
"""
