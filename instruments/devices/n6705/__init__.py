# SPDX-License-Identifier: Apache-2.0
"""Keysight N6705B/C and N6700 with an N678x source/measure unit."""
