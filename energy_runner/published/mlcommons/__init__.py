"""Sessions of the MLCommons runner."""
