# SPDX-License-Identifier: Apache-2.0
"""The words of the shield's shell for its twin: what commands take, how numbers are written (UM2269 Rev 6)."""

import re

CHOICES = {
    "acqmode": ("dyn", "stat"),
    "funcmode": ("optim", "high"),
    "output": ("current", "energy"),
    "format": ("ascii_dec", "bin_hexa"),
    "trigsrc": ("sw", "d7"),
    "eventsrc": ("d7 fal", "d7 ris"),
    "pwrend": ("on", "off"),
}
# Smallest and largest argument of commands that take one number, besides 0 (endless, or off).
LIMITS = {
    "acqtime": (100e-6, 100.0),
    "trigdelay": (1e-3, 30.0),
    "currthres": (100e-9, 50e-3),
    "currthre": (100e-9, 50e-3),  # the spelling of UM2269 Rev 6
}
HELP = (
    "help echo powershield version range status htc hrc lcd psrst",
    "volt freq acqtime acqmode funcmode output format trigsrc eventsrc trigdelay currthres",
    "pwr pwrend start stop targrst temp autotest calib",
)
_SCALE = {"": 1.0, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6}


class CannotError(Exception):
    """A command is refused; the text is the error detail."""


def number(text: str) -> float:
    """Return a number in one of the shell's notations: `2000`, `2k`, `2+3`."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(?:([umkM])|([+-][0-9]{1,2}))?", text)
    if found is None:
        raise CannotError("not a number")
    return float(f"{found[1]}e{found[3] or 0}") * _SCALE[found[2] or ""]
