"""Detectors that remember the features of normal patches."""
