"""The twin bench: virtual devices that speak real bytes in virtual time."""
