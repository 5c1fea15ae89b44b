# SPDX-License-Identifier: Apache-2.0
"""Sessions of the EEMBC runner."""
