"""Export of a trained run: a SavedModel from raw pixels to decisions, checked and published."""
