# SPDX-License-Identifier: Apache-2.0
"""Sweeps: many points measured alone, overnight, on one bench or several."""
