"""LiteRT exports: a run's score in one file for small devices."""
