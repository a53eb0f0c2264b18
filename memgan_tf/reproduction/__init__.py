"""Reproduces the paper's tables and figures: grids of runs, records, tables and figures."""
