"""The physics that all twins of a bench share."""
