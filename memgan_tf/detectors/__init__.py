"""Detectors: one contract, one registry."""
