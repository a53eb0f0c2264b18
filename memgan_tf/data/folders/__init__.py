"""Folders of images: their names, layouts, masks and copies."""
