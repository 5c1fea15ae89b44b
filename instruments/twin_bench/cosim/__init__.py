"""A bench whose boards run their real firmware in emulators."""
