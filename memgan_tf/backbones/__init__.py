"""Frozen networks that turn photographs into maps of features."""
