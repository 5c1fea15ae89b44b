# SPDX-License-Identifier: Apache-2.0
"""What the DUT was given, what it was told to do, and what it answered."""

from typing import Literal

from pydantic import StrictBool

from energy_runner.session.events.base import Event, Purpose


class DutBooted(Event):
    """The DUT said `m-ready` after power-up."""

    kind: Literal["dut-booted"] = "dut-booted"
    timestamp_mode: str
    """How the DUT marks its timestamps, as it reported."""
    lines: list[str]
    """What it printed."""


class DutIdentified(Event):
    """The DUT's own answers to `name` and `profile`."""

    kind: Literal["dut-identified"] = "dut-identified"
    name: str
    """Answer to `name`."""
    profile: str
    """Answer to `profile`."""
    model: str
    """The model that the profile names."""


class FirmwareFlashed(Event):
    """The program that was to flash the DUT has ended, in whatever way."""

    kind: Literal["firmware-flashed"] = "firmware-flashed"
    command: list[str]
    """The program and its arguments."""
    image: str
    """File that was flashed; empty where the plan names none."""
    image_sha256: str
    """SHA-256 of that file, before and after; empty where the plan names none."""
    status: int | None
    """Exit status, that of a signal negative; null: it did not end in time and was ended."""
    took_s: float
    """How long it took by the host's clock, s."""
    output: str
    """What it printed: the beginning and the end."""
    output_bytes: int
    """How much it printed, bytes."""


class DutCommanded(Event):
    """The DUT has answered a command of the plan, which was sent before its first stimulus."""

    kind: Literal["dut-commanded"] = "dut-commanded"
    command: str
    """The command, without its end mark."""
    answer: list[str]
    """What the DUT said before `m-ready`."""
    sent_ns: int
    """Host time at which the command was sent, ns."""


class StimulusLoaded(Event):
    """A stimulus is in the DUT's buffer; `read_back` says whether it was compared byte for byte."""

    kind: Literal["stimulus-loaded"] = "stimulus-loaded"
    index: int
    """Index in the record's `stimuli`."""
    file: str
    """File of the stimulus."""
    offset: int
    """Offset in the file, bytes."""
    size: int
    """Size, bytes."""
    sha256: str
    """SHA-256 of the file."""
    read_back: StrictBool
    """True if it was read back and compared byte for byte."""


class EdgesExpected(Event):
    """The next command makes the DUT pull its timestamp pin low `count` times."""

    kind: Literal["edges-expected"] = "edges-expected"
    purpose: Purpose
    """What the command is for."""
    count: int
    """Falling edges that it makes."""


class InferenceDone(Event):
    """An `infer` command ended; the host times say when it was sent and when its lines arrived."""

    kind: Literal["inference-done"] = "inference-done"
    purpose: Purpose
    """What the command was for."""
    stimulus: int
    """Index in the record's `stimuli`."""
    offset: int = 0
    """Offset of the input in the file, bytes."""
    inferences: int
    """Inferences asked for."""
    warmups: int
    """Warm-up inferences before them."""
    sent_ns: int
    """Host time at which the command was sent, ns."""
    start_line_ns: int | None
    """Host time at which its first line arrived, ns."""
    done_line_ns: int | None
    """Host time at which its last line arrived, ns."""
    results: list[float]
    """Outputs of the last inference."""
    dut_laps_us: list[int]
    """Timestamps by the DUT's own clock, µs modulo 2³²."""


class PhasesMarked(Event):
    """Where the DUT's phases (the layers of its network) began within a window, on a bench that can see them."""

    kind: Literal["phases-marked"] = "phases-marked"
    window: int
    """Number of the window, from 0."""
    names: list[str]
    """Name of each phase of one inference."""
    operations: list[int]
    """Multiply-accumulates of each phase."""
    offsets_ns: list[int]
    """Beginning of each phase of each inference, after the window's first edge, ns."""
    stop_ns: int
    """The window's second edge, after its first, ns."""
