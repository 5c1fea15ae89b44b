# SPDX-License-Identifier: Apache-2.0
"""Links to devices: serial ports, VISA, TCP, vendors' libraries; pump, tap and replay."""
