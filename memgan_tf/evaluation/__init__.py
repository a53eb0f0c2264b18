"""Evaluation: metrics, calibration, finished runs, score files."""
