"""Folders as people have them: their names, layouts, masks and copies."""
