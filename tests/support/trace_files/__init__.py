# SPDX-License-Identifier: Apache-2.0
"""Trace files of other tools, written from the descriptions of their formats."""
