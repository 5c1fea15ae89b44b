# SPDX-License-Identifier: Apache-2.0
"""Joulescope JS320, a shunt ammeter and voltmeter on USB."""
