# SPDX-License-Identifier: Apache-2.0
"""Build a bench of twins, and serve it on pseudo-terminals and TCP ports."""
