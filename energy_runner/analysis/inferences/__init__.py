"""Single inferences inside a window."""
