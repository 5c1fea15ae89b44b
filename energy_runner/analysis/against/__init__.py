# SPDX-License-Identifier: Apache-2.0
"""A result against a baseline: whether a figure has become worse by more than a limit, if that can be told."""
