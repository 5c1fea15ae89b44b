"""What SCPI instruments share."""
