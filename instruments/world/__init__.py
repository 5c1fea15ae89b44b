"""The simulated physics that all twins of a bench share."""
