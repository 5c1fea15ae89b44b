# SPDX-License-Identifier: Apache-2.0
"""The Arduino-type IO manager: it relays the DUT's UART and times edges of its timestamp pin."""
