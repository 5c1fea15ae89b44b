"""Sessions of other runners: read what they published, reproduce it, and measure it again our way."""
