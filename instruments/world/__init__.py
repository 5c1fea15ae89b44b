# SPDX-License-Identifier: Apache-2.0
"""The simulated physics that all twins of a bench share."""
