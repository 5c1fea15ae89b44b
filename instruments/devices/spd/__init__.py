# SPDX-License-Identifier: Apache-2.0
"""Siglent SPD power supplies: a supply, no sampler."""
