# SPDX-License-Identifier: Apache-2.0
"""ST X-NUCLEO-LPM01A."""
