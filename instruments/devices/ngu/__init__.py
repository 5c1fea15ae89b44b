"""Rohde & Schwarz NGU201 and NGU401 source measure units."""
