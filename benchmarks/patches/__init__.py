"""Parts of `own_patches.py`."""
