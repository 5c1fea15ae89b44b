"""Limits of error from data sheets, as data files."""
