# SPDX-License-Identifier: Apache-2.0
"""Who it is that answers where another device was expected: ports are exchanged more often than devices fail."""

import re

_WITHIN = 4096  # bytes that are looked at; each device gives itself away early

# What only one kind of device or program says, and what to try then.
_SAYS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"m-name-io|m-dut-passthrough|\[dut\]: "),
        "an IO manager answers here: give this port to io_manager.port, and here the port of the device meant",
    ),
    (
        re.compile(r"tinyML Enhanced Interface Board|baud is: \d"),
        'an enhanced interface board answers here: its driver is "interface-board"; or give another port here',
    ),
    (
        re.compile(r"m-name-dut|m-timestamp-mode-|m-profile-\["),
        "a DUT answers here: give this port to dut.port, and here the port of the device meant",
    ),
    (
        re.compile(r"PowerShield", re.IGNORECASE),
        'an X-NUCLEO-LPM01A answers here: its driver is "lpm01a"; or give another port here',
    ),
    (
        re.compile(r"^\s*SSH-|HTTP/1|<html", re.IGNORECASE),
        "a web or ssh server answers on this port: the port for programs is 5025 on most instruments",
    ),
    (
        re.compile(r"MicroPython|CircuitPython|>>> |login: |password: |[#$] $|\bU-Boot\b", re.IGNORECASE),
        "a prompt for people answers: another program runs on this board, or it is another device's port",
    ),
    (
        re.compile(r"\$G[A-Z]{4},"),
        "a GPS receiver talks here: it is another device's port",
    ),
)


def stranger(said: bytes | str, own: str = "") -> str:
    """Return who seems to say this, and what to try, for the error of a device that says something else; or "".

    `own` is what the expected device itself says, which makes nobody a stranger.
    """
    text = (said.decode("latin-1") if isinstance(said, bytes) else said)[:_WITHIN]
    return next((words for sign, words in _SAYS if sign.search(text) and not sign.search(own)), "")
