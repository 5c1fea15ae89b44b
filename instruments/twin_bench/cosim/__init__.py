# SPDX-License-Identifier: Apache-2.0
"""A bench whose boards run their real firmware in emulators."""
