# SPDX-License-Identifier: Apache-2.0
"""Signatures: canonical bytes, statements in signed envelopes, keys and whom they are trusted to, time stamps."""
