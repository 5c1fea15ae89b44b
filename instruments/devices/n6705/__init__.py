"""Keysight N6705B/C and N6700 with an N678x source/measure unit."""
