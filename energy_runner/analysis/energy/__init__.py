"""Energy between two positions in a trace: integration, windows, sources of power."""
