"""Command-line binaries: one verb each, all behind the console script `memgan`."""
