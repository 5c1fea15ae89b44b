# SPDX-License-Identifier: Apache-2.0
"""Rohde & Schwarz NGU201 and NGU401 source measure units."""
