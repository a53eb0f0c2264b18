"""A local page on which an inspector looks at scored photographs, decides and corrects."""
