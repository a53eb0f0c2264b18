"""Clients of a server that runs an exported model."""
