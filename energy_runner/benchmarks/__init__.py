# SPDX-License-Identifier: Apache-2.0
"""What can be run: the benchmarks as data, their label files and their stimuli."""
