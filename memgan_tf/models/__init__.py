"""Methods: players, step and score, one file each."""
