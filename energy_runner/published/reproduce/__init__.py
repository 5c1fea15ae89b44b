# SPDX-License-Identifier: Apache-2.0
"""Reproduce the figures of the two earlier runners, from their own data by their own rules."""
