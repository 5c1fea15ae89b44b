# SPDX-License-Identifier: Apache-2.0
"""Nordic Power Profiler Kit II (PPK2)."""
