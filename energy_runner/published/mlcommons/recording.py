# SPDX-License-Identifier: Apache-2.0
"""The recording of an MLCommons energy session: its passes follow each other as one acquisition."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.published.mlcommons.document import Document, Power
from energy_runner.published.mlcommons.log import MlcommonsLog
from energy_runner.published.model import FloatArray, InferCommand, MonitorEdge, Recording

_RATE_HZ = 1000.0
_SECOND_MS = 1000
_LATENCY_MS = 50  # from the end of a pass to the line that says that the next one begins


@dataclass(frozen=True)
class Recorded:
    """The recording, and how many of its edges come from the DUT's start and not from a command.

    `blocks` are the samples of the passes in joule, and `starts` the sample at which each pass begins.
    """

    recording: Recording
    boot_edges: int
    blocks: list[FloatArray]
    starts: list[int]


def make_recording(document: Document, log: MlcommonsLog, commands: Sequence[InferCommand]) -> Recorded | None:
    """Return one recording of all passes, since the acquisition ran on between them; None without samples."""
    powers = [one.power for one, _ in document.working if one.power is not None]
    if not powers or len(powers) < len(document.working):
        return None
    blocks: list[FloatArray] = [np.array(power.samples, dtype=np.float64) for power in powers]
    ends = [int(end) for end in np.cumsum([len(block) for block in blocks])]
    starts = [end - len(block) for end, block in zip(ends, blocks, strict=True)]
    origin_ms = _origin_ms(commands, ends, log)
    with np.errstate(over="ignore"):
        samples_j = np.concatenate(blocks).astype(np.float32)
    samples_j[~np.isfinite(samples_j)] = np.nan
    voltage_v = powers[0].voltage
    usable = voltage_v is not None and math.isfinite(voltage_v) and 0 <= voltage_v < 1000
    recording = Recording(
        instrument=log.instrument,
        rate_hz=_RATE_HZ,
        samples_j=samples_j,
        edges=_edges(powers, blocks, starts),
        started_ms=origin_ms,
        stopped_ms=max(origin_ms + ends[-1], *(command.finished_ms for command in commands)),
        voltage_v=voltage_v if usable else None,
    )
    return Recorded(recording, _boot_edges(commands, powers[0], origin_ms), blocks, starts)


def _edges(powers: Sequence[Power], blocks: Sequence[FloatArray], starts: Sequence[int]) -> list[MonitorEdge]:
    edges: list[MonitorEdge] = []
    for power, block, start in zip(powers, blocks, starts, strict=True):
        for counter, count in power.timestamps:
            if 0 <= count <= len(block):
                number = int(str(counter)) if str(counter).isdecimal() and len(str(counter)) < 10 else None
                # An event is reported after the sample in which the edge fell.
                edges.append(MonitorEdge(max(0.0, float(start) + count - 0.5), 0.5, number))
    return edges


def _origin_ms(commands: Sequence[InferCommand], ends: Sequence[int], log: MlcommonsLog) -> int:
    """Return when the first sample was taken, by the log's whole seconds.

    The next stimulus is loaded right after a pass, at a time that the log gives to the second below. So each pass
    gives the start of the recording within a second; where all agree, their common part narrows it down.
    """
    stamps_ms = [load.begun_ms for load in log.loadings[1:]]
    if len(log.loadings) != len(ends) or not stamps_ms:
        return commands[0].sent_ms if commands else 0
    lows = [stamp - end for stamp, end in zip(stamps_ms, ends, strict=False)]
    low, high = max(lows) - _LATENCY_MS, min(lows) + _SECOND_MS
    middle = (low + high) // 2 if low <= high else int(np.median(lows)) + _SECOND_MS // 2
    return max(0, middle)


def _boot_edges(commands: Sequence[InferCommand], first: Power, origin_ms: int) -> int:
    """Count edges before the first stimulus was loaded: they come from the DUT's start, not from a command."""
    if not commands:
        return 0
    return sum(origin_ms + count < commands[0].sent_ms for _, count in first.timestamps[:-2])
