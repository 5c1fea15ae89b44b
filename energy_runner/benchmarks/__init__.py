"""What can be run: the benchmarks as data, their label files and their stimuli."""
