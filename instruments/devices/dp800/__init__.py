# SPDX-License-Identifier: Apache-2.0
"""Rigol DP800 power supplies: a supply, no sampler."""
