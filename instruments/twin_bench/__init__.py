"""Twins put together to a bench, and served on pseudo-terminals and TCP ports."""
