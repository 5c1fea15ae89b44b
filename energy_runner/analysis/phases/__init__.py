"""Phases within a window: energy between marks."""
