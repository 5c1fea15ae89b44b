# SPDX-License-Identifier: Apache-2.0
"""The director: makes the boxes act as one instrument."""
