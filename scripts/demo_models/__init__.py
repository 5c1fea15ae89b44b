# SPDX-License-Identifier: Apache-2.0
"""How the demo benchmarks are made: data, networks, training."""
