# SPDX-License-Identifier: Apache-2.0
"""Probes that print temperatures in lines of text on a serial port."""
