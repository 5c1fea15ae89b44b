# SPDX-License-Identifier: Apache-2.0
"""Energy between two positions in a trace: integration, windows, sources of power."""
