"""The bench in which the real firmware runs: both boards emulated, in lockstep with the world's clock."""
