# SPDX-License-Identifier: Apache-2.0
"""Levels of power: idle, and where a level changes."""
