"""A local page on which an inspector reviews scored photographs, decides and corrects."""
