# SPDX-License-Identifier: Apache-2.0
"""Yokogawa WT310E digital power meter."""
