# SPDX-License-Identifier: Apache-2.0
"""Figures of a sweep: what is in them (`pictures`), and two ways to draw them: matplotlib and plotly."""
