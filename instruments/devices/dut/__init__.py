# SPDX-License-Identifier: Apache-2.0
"""The device under test: the grammar of its firmware's monitor, driver and twin."""
