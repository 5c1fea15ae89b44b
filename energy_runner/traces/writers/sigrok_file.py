# SPDX-License-Identifier: Apache-2.0
"""sigrok `.sr`, version 2: a zip with `version`, `metadata` and `logic-1-N`; the edges and bands of a session.

The rate is a whole number of hertz, and a change stands at the first sample after it.
"""

import zipfile
from pathlib import Path

import numpy as np

from energy_runner.traces.writers.logic import Logic, logic_signals
from energy_runner.traces.writers.model import (
    ExportError,
    Options,
    Outgoing,
    Progress,
    Written,
    blocks,
    clean,
    off_by_whole_hertz,
)

_CHUNK = 1 << 22  # samples of a member
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same session gives the same bytes


def write(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    """Write the file."""
    rate_hz = round(1 / out.step_s)
    if rate_hz < 1:
        raise ExportError(f"{clean(out.session)}: sigrok files have at least one sample a second. Try: vcd")
    signals, remarks = logic_signals(out)
    if off := off_by_whole_hertz(out.step_s):
        remarks.append(f"sigrok rates are whole: {off}")
    placed = [np.ceil(one.at).astype(np.int64) for one in signals]
    merged = int(sum(np.count_nonzero(np.diff(places) <= 0) for places in placed))
    if merged:
        remarks.append(f"{merged} changes fall on the same sample as the one before, and cannot be told apart")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.comment = clean(out.title).encode("ascii", "replace")
        file.writestr(_member("version"), "2")
        file.writestr(_member("metadata"), _metadata(out, signals, rate_hz))
        for number, (first, stop) in enumerate(blocks(out.length, _CHUNK), start=1):
            states = np.zeros(stop - first, dtype=np.uint8)
            for bit, (one, places) in enumerate(zip(signals, placed, strict=True)):
                states |= _states(one, places, first, stop) << np.uint8(bit)
            file.writestr(_member(f"logic-1-{number}"), states.tobytes())
            progress(stop / out.length)
    return Written(out.length, [*remarks, "it holds edges and bands, to the sample; no current and no power"])


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _metadata(out: Outgoing, signals: list[Logic], rate_hz: int) -> str:
    probes = "".join(f"probe{number}={one.name}\n" for number, one in enumerate(signals, start=1))
    about = "".join(f"note{number}={note}\n" for number, note in enumerate(out.notes(), start=1))
    return (
        "[global]\nsigrok version=0.5.2\n\n"
        f"[device 1]\ncapturefile=logic-1\ntotal probes={len(signals)}\nsamplerate={rate_hz} Hz\n"
        f"total analog=0\n{probes}unitsize=1\n\n[energy-runner]\n{about}"
    )


def _states(one: Logic, places: np.ndarray, first: int, stop: int) -> np.ndarray:
    """Return the state of a signal in each sample of a stretch: it changes with each place passed."""
    before = int(np.searchsorted(places, first, "right"))
    inside = places[before : int(np.searchsorted(places, stop - 1, "right"))] - first
    changes = np.bincount(inside, minlength=stop - first)
    return ((np.cumsum(changes) + before + one.high) % 2).astype(np.uint8)
