# SPDX-License-Identifier: Apache-2.0
"""Power test cases in the YAML of Zephyr's twister: what they ask, phases by peaks, RMS currents, verdicts."""
