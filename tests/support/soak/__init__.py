# SPDX-License-Identifier: Apache-2.0
"""Whole nights of sweeps under random faults, in virtual time, judged from what they leave behind."""
