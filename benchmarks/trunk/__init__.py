"""Trains the weights of `--backbone=builtin`."""
