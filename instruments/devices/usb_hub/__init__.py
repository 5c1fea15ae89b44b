# SPDX-License-Identifier: Apache-2.0
"""USB hubs that switch the power of single ports, through the program uhubctl."""
