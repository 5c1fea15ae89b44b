"""A power monitor without any error, which exists only in software."""
