# SPDX-License-Identifier: Apache-2.0
"""Derive windows, joules and their uncertainty from the facts of a session; pure functions."""
