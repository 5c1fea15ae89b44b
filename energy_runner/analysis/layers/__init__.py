# SPDX-License-Identifier: Apache-2.0
"""Energy of each layer of the network."""
