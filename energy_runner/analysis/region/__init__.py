# SPDX-License-Identifier: Apache-2.0
"""A stretch of a trace between two places that somebody chose: its energy with uncertainty, and its samples."""
