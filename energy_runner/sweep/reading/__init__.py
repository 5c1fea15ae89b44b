# SPDX-License-Identifier: Apache-2.0
"""What a sweep says: its table, its figures, two of them compared, and which axis explains what."""
