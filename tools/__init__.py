"""Command-line programs, one verb each, all called by the console script `memgan`."""
