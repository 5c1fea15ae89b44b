"""Where edges and laps lie in the sampler's timebase."""
