# SPDX-License-Identifier: Apache-2.0
"""LCUS relay boards: a USB serial port, commands of four bytes."""
