# SPDX-License-Identifier: Apache-2.0
"""What a run does to its DUT before the first stimulus, beyond power-up and identification."""

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from energy_runner.director.plan_checks import PREPARATION_CHECKS, checked
from energy_runner.errors import Argument, ConfigurationError, in_words

IMAGE = "{image}"  # where a flashing command has the file
FLASH_TIMEOUT_S = 120.0
SETTLE_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Flash:
    """The program that flashes the DUT: its words, and `timeout_s` seconds of the host's time until it is ended.

    `image` is the file that it flashes, if the plan names one, with the SHA-256 that it had then.
    """

    words: tuple[str, ...]
    timeout_s: float = FLASH_TIMEOUT_S
    image: str = ""
    image_sha256: str = ""


@dataclass(frozen=True)
class Settle:
    """How near the measured voltage must be to the set one, for `duration_s` seconds, by `timeout_s` seconds.

    One of `within_v` (V) and `within_share` (of the set voltage) says how near.
    """

    duration_s: float
    within_v: float | None = None
    within_share: float | None = None
    timeout_s: float = SETTLE_TIMEOUT_S

    def within_of(self, voltage_set_v: float) -> float:
        """Return how near it must be to this voltage, in volt."""
        return self.within_v if self.within_v is not None else (self.within_share or 0.0) * voltage_set_v


@dataclass(frozen=True)
class Preparation:
    """What the DUT gets before its first stimulus.

    It is without power for `cool_down_s` seconds before it is switched on to be measured, and then the voltage of
    its supply has to `settle`. With `flash` it is flashed before that. `commands` are sent to it, in this order,
    once it has been identified; each has to be answered.
    """

    commands: tuple[str, ...] = ()
    flash: Flash | None = None
    cool_down_s: float | None = None
    settle: Settle | None = None


def prepared(
    *,
    commands: Sequence[str] | None = None,
    flash: str | None = None,
    image: str | PathLike[str] | None = None,
    flash_timeout_s: float | None = None,
    cool_down_s: float | None = None,
    settle_s: float | None = None,
    settle_v: float | None = None,
    settle_share: float | None = None,
    settle_timeout_s: float | None = None,
) -> Preparation:
    """Return a preparation from the options of a plan; raise `ConfigurationError` for what no run can do."""
    options = checked(
        {
            "commands": commands,
            "flash": flash,
            "image": image,
            "flash_timeout_s": flash_timeout_s,
            "cool_down_s": cool_down_s,
            "settle_s": settle_s,
            "settle_v": settle_v,
            "settle_share": settle_share,
            "settle_timeout_s": settle_timeout_s,
        },
        PREPARATION_CHECKS,
    )
    return Preparation(
        commands=options["commands"] or (),
        flash=_flash(options),
        cool_down_s=options["cool_down_s"],
        settle=_settle(options),
    )


def image_sha256(image: str) -> str:
    """Return the SHA-256 of a file; raise `OSError` if it cannot be read."""
    with Path(image).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flash(options: Mapping[str, Any]) -> Flash | None:
    words, image = options["flash"], options["image"]
    if words is None:
        for name in ("image", "flash_timeout_s"):
            if options[name] is not None:
                raise _nobody_reads(name, options[name])
        return None
    if image is None and any(IMAGE in word for word in words):
        raise ConfigurationError(
            Argument("flash", shlex.join(words)), ": which file is meant? Try: ", Argument("image", "FILE")
        )
    if image is not None and not any(IMAGE in word or image in word for word in words):
        raise ConfigurationError(
            Argument("image", image),
            ": the flashing command does not name it. Try: ",
            Argument("flash", f"'{shlex.join(words)} {IMAGE}'"),
        )
    return Flash(
        words=tuple(word.replace(IMAGE, image) if image is not None else word for word in words),
        timeout_s=options["flash_timeout_s"] or FLASH_TIMEOUT_S,
        image=image or "",
        image_sha256=_digest(image) if image is not None else "",
    )


def _settle(options: Mapping[str, Any]) -> Settle | None:
    duration_s, within_v, within_share = (options[f"settle_{name}"] for name in ("s", "v", "share"))
    if duration_s is None:
        for name in ("settle_v", "settle_share", "settle_timeout_s"):
            if options[name] is not None:
                raise ConfigurationError(
                    Argument(name, f"{options[name]:g}"),
                    ": settled for how long? Try: ",
                    Argument("settle_s", "1"),
                )
        return None
    if (within_v is None) == (within_share is None):
        raise ConfigurationError(
            Argument("settle_s", f"{duration_s:g}"),
            ": within what of the set voltage? Try either ",
            Argument("settle_v", "0.02"),
            " or ",
            Argument("settle_share", "0.01"),
        )
    timeout_s = options["settle_timeout_s"] or max(SETTLE_TIMEOUT_S, 2.0 * duration_s)
    if timeout_s < duration_s:
        raise ConfigurationError(
            Argument("settle_timeout_s", f"{timeout_s:g}"), f": must be at least settle_s, {duration_s:g} s"
        )
    return Settle(duration_s, within_v, within_share, timeout_s)


def _digest(image: str) -> str:
    try:
        return image_sha256(image)
    except OSError as error:
        raise ConfigurationError(Argument("image", image), f": cannot be read: {in_words(error)}") from error


def _nobody_reads(name: str, value: object) -> ConfigurationError:
    return ConfigurationError(
        Argument(name, f"{value}"), ": nothing is flashed. Try: ", Argument("flash", f"'openocd ... {IMAGE}'")
    )
