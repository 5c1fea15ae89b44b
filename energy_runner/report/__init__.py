# SPDX-License-Identifier: Apache-2.0
"""Reports for people: HTML, plots, terminal tables."""
