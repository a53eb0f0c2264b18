"""Metrics, calibration, finished runs and files of scores."""
