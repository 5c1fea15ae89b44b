# SPDX-License-Identifier: Apache-2.0
"""The figures of the two earlier runners once more, from their own data by their own rules."""
