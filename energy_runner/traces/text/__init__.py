# SPDX-License-Identifier: Apache-2.0
"""Tables of numbers in text: how a file is laid out, what its columns are, and its rows, block by block."""
