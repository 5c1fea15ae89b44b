"""Sessions of the EEMBC runner."""
