# SPDX-License-Identifier: Apache-2.0
"""The benchmark's enhanced interface board (STM32H573I-DK): it relays the DUT's UART."""
