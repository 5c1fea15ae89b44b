"""How the demo benchmarks are made: data, networks, training."""
