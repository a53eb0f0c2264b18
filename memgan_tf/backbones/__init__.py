"""Frozen networks that compute maps of features from photographs."""
