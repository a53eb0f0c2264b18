"""Detectors with a common contract, and their registry."""
