# SPDX-License-Identifier: Apache-2.0
"""Phases within a window: energy between marks."""
