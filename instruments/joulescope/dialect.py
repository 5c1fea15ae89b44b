# SPDX-License-Identifier: Apache-2.0
"""The table that tells one Joulescope model from another, and the topics that they share.

Topics, values and rates are those of pyjoulescope-driver 2.5.4: the metadata inside the package, and
`doc/js220.txt` and `doc/js320.json` of its repository (jetperch/joulescope_driver).
"""

from collections.abc import Sequence
from dataclasses import dataclass

CURRENT, VOLTAGE = "s/i", "s/v"
SIGNALS = {"current": CURRENT, "voltage": VOLTAGE}
SAMPLE_RATE, PUBLISH_RATE = "h/fs", "h/fp"
REMOVED = "@/!remove"
PUBLISH_HZ = 50  # messages a second of each stream; the less they wait, the better the host can date a sample
HZ = tuple(step * 10**power for power in (6, 5, 4, 3, 2) for step in (5, 2, 1))
SCALES = (("h/i_scale", 1.0), ("h/v_scale", 1.0))


@dataclass(frozen=True)
class Model:
    """One model.

    `base_hz` is the rate at which its `sample_id` counts, `stream_hz` are the rates that the library can stream
    current and voltage at. `mean_filter` is the setting with which a sample at a lower rate is the mean over its
    period; None where the library has none, so that the driver streams at the full rate and averages itself.
    `gpi_step` is the number of counts between two samples of an input. `set_up` puts back what another program may
    have changed; `streams` are switched off when it is opened. `slips`: missing samples leave no gap in
    `sample_id`, so it falls behind the host's clock. `firmware` is the topic of its version, if it has one.
    """

    name: str
    title: str
    base_hz: int
    stream_hz: tuple[int, ...]
    set_up: tuple[tuple[str, object], ...]
    streams: tuple[str, ...]
    gpi_step: int = 1
    mean_filter: tuple[str, object] | None = None
    slips: bool = False
    firmware: str = ""

    @property
    def rates_hz(self) -> tuple[float, ...]:
        """Return the rates at which there can be samples (Hz), the highest first."""
        return tuple(float(rate) for rate in HZ if rate <= self.stream_hz[0]) if self.stream_hz else ()

    def stream_hz_for(self, rate_hz: float) -> int:
        """Return at which rate the library is to stream so that samples at `rate_hz` (Hz) are means."""
        if self.mean_filter is None:
            return self.stream_hz[0]
        return min(one for one in self.stream_hz if one % rate_hz == 0)


def data(stream: str) -> str:
    """Return the topic on which the data of a stream come."""
    return f"{stream}/!data"


def control(stream: str) -> str:
    """Return the topic that switches a stream on and off."""
    return f"{stream}/ctrl"


def version_text(value: object) -> str:
    """Return a version as the library packs it (major, minor: 8 bits each; patch: 16 bits) in words."""
    if not isinstance(value, int) or not 0 <= value < 1 << 32:
        return ""
    return f"{value >> 24}.{(value >> 16) & 0xFF}.{value & 0xFFFF}"


def device_of(paths: Sequence[str], model: str, wanted: str) -> list[str]:
    """Return those of the library's device paths (`u/js220/002122`) that are of `model` and are `wanted`.

    Wanted is a serial number, a whole path, or the model itself, for the only one of its kind.
    """
    own = [path for path in paths if path.split("/")[1:2] == [model]]
    if wanted.lower() == model:
        return own
    return [path for path in own if wanted.lower() in (path.lower(), path.split("/")[-1].lower())]
