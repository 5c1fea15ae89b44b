# SPDX-License-Identifier: Apache-2.0
"""The uncertainty budget after the GUM."""
