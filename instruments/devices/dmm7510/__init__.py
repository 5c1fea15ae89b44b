# SPDX-License-Identifier: Apache-2.0
"""Keithley DMM7510 and DMM6500 multimeters."""
