# SPDX-License-Identifier: Apache-2.0
"""The errors that a SCPI twin puts into its queue. Source: SCPI-1999, volume 2, 21.8."""

TEXTS = {
    -101: "Invalid character",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -131: "Invalid suffix",
    -161: "Invalid block data",
    -221: "Settings conflict",
    -222: "Data out of range",
    -224: "Illegal parameter value",
    -230: "Data corrupt or stale",
    -310: "System error",
    -350: "Queue overflow",
    -363: "Input buffer overrun",
}


class ScpiError(Exception):
    """A command that the instrument refuses; `code` goes to the error queue."""

    def __init__(self, code: int, text: str = "") -> None:
        self.code = code
        self.text = text or TEXTS[code]
        super().__init__(f'{code},"{self.text}"')
