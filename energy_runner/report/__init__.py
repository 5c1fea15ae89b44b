"""Reports for people: HTML, plots, terminal tables."""
