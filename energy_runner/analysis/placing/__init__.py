# SPDX-License-Identifier: Apache-2.0
"""Where edges and laps lie in the sampler's timebase."""
