# SPDX-License-Identifier: Apache-2.0
"""Trace files of other tools: read into sessions of ours, and written from them."""
