"""Reports of runs and their pictures."""
