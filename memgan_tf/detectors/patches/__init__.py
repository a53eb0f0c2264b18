"""Detectors based on features of normal patches."""
