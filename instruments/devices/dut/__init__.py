"""The device under test: its monitor's grammar, driver and twin."""
