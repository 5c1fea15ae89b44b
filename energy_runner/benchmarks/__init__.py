# SPDX-License-Identifier: Apache-2.0
"""The benchmarks as data, their label files and their stimuli."""
