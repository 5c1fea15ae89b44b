# SPDX-License-Identifier: Apache-2.0
"""Keithley 2450, 2460 and 2470 source measure units."""
