"""Sessions that other runners published: read, reproduced, corrected, audited."""
