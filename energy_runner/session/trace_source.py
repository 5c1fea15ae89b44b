# SPDX-License-Identifier: Apache-2.0
"""Who sampled, as a trace file tells it to other programs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from energy_runner.wording import shown

_ODD = re.compile(r"[^A-Za-z0-9_+-]+")
_LONGEST = 120


@dataclass(frozen=True)
class TraceSource:
    """A source of a JLS file, in its words: the version is that of the firmware."""

    name: str = "power monitor"
    vendor: str | None = None
    model: str | None = None
    version: str | None = None
    serial_number: str | None = None

    @classmethod
    def of(cls, identity: Mapping[str, Any]) -> Self:
        """Return the source for an instrument that answered with `make`, `model`, `serial` and `firmware`.

        The model and the serial number are single words, because the Joulescope UI makes a path of them. What is
        `virtual` says SIMULATED in its name and its model.
        """
        make, model, serial, firmware = (
            str(identity.get(key) or "") for key in ("make", "model", "serial", "firmware")
        )
        simulated = "SIMULATED " if identity.get("virtual") else ""
        return cls(
            name=shown(simulated + (f"{make} {model}".strip() or "power monitor"), _LONGEST),
            vendor=shown(make, _LONGEST),
            model=_word(f"{simulated}{model or 'monitor'}"),
            version=shown(firmware, _LONGEST),
            serial_number=_word(serial or "unknown"),
        )


def _word(text: str) -> str:
    return _ODD.sub("_", text)[:_LONGEST]
