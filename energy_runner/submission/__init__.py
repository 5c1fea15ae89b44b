# SPDX-License-Identifier: Apache-2.0
"""Submission trees for MLPerf Tiny."""
