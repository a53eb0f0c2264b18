"""The paper's tables and figures, made again: records of runs, grids, tables, figures."""
