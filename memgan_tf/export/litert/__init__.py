"""LiteRT: a run's score as one file for small devices."""
