# SPDX-License-Identifier: Apache-2.0
"""Thermometers, and multimeters with a probe, that answer a SCPI query with a temperature."""
