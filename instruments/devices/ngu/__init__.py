# SPDX-License-Identifier: Apache-2.0
"""Rohde & Schwarz NGU201 and NGU401 source measure units, NGM201 and NGM202 power supplies: FastLog."""
