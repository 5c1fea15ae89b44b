"""Protocol cores: bytes in, typed events out; no I/O and no time."""
