"""An instrument without any error, which exists only in software."""
