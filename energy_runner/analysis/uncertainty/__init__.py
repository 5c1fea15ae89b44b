"""The uncertainty budget after the GUM."""
