"""The director: makes the boxes act as one instrument."""
