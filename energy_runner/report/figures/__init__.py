# SPDX-License-Identifier: Apache-2.0
"""Figures that print: one file a figure, one table of them, one writer."""
