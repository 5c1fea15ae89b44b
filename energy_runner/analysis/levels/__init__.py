"""Levels of power: idle, and where a level changes."""
