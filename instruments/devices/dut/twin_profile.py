# SPDX-License-Identifier: Apache-2.0
"""How much current the DUT's twin draws, and how long an inference takes."""

import tomllib
from dataclasses import dataclass, fields
from importlib import resources

import numpy as np

from instruments.world.history import FloatArray

# The clock at which the levels and durations hold, and the share of each level that does not follow the clock.
CLOCK_HZ = 80_000_000
STATIC_SHARE = 0.4


@dataclass(frozen=True)
class Levels:
    """Supply current in each activity, in ampere; invented, typical of a Cortex-M4 board at 3 V and 80 MHz."""

    boot_a: float = 9.0e-3
    idle_a: float = 6.1e-3
    uart_receive_a: float = 8.3e-3
    uart_send_a: float = 9.6e-3
    infer_a: float = 11.2e-3

    def at(self, clock_hz: int) -> "Levels":
        """Return the levels at another clock: each is a static part and a part in proportion to the clock."""
        scale = STATIC_SHARE + (1.0 - STATIC_SHARE) * clock_hz / CLOCK_HZ
        return Levels(**{one.name: scale * getattr(self, one.name) for one in fields(self)})


@dataclass(frozen=True)
class NetworkProfile:
    """One network as the twin runs it; `layers` are (share of the duration, relative level)."""

    model: str
    input_bytes: int
    outputs: int
    inference_s: float
    layers: tuple[tuple[float, float], ...]


def load_network(model: str) -> NetworkProfile:
    """Return the profile of a network; raise `KeyError` for one that is not in `models.toml`."""
    text = resources.files("instruments.devices.dut").joinpath("models.toml").read_text(encoding="utf-8")
    entry = tomllib.loads(text)[model]
    return NetworkProfile(
        model=model,
        input_bytes=entry["input_bytes"],
        outputs=entry["outputs"],
        inference_s=entry["inference_s"],
        layers=tuple((float(share), float(level)) for share, level in entry["layers"]),
    )


def inference_train(
    profile: NetworkProfile,
    mean_a: float,
    start_ns: int,
    period_ns: int,
    scales: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the times (ns) and currents (A) of consecutive inferences with their layers.

    `scales` holds one relative level (noise and drift) for each inference; its length is the number of inferences.
    """
    shares = np.array([share for share, _ in profile.layers])
    levels = np.array([level for _, level in profile.layers])
    levels = levels / np.dot(shares / shares.sum(), levels)
    starts = np.concatenate(([0.0], np.cumsum(shares / shares.sum())[:-1])) * period_ns
    begin = start_ns + np.arange(len(scales), dtype=np.float64) * period_ns
    times = np.rint((begin[:, None] + starts[None, :]).ravel())
    currents = (scales[:, None] * levels[None, :]).ravel() * mean_a
    return times, currents
