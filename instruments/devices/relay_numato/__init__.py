# SPDX-License-Identifier: Apache-2.0
"""Numato Lab USB relay modules: a USB serial port, commands in words."""
