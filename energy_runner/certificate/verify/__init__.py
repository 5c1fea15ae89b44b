# SPDX-License-Identifier: Apache-2.0
"""Check a certificate without trusting who made it: signature, hashes, consistency, figures from the trace."""
