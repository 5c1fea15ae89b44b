"""Parts shared by all SCPI instruments and their twins."""
