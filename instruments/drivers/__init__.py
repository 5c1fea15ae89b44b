"""Drivers: what one device's commands mean."""
