"""Energy of each layer of the network."""
