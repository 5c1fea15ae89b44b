# SPDX-License-Identifier: Apache-2.0
"""Every kind of fault that a run of the swarm may suffer, in one table.

Each entry draws its own particulars, arms itself on a `Setting` and returns what it did, in a few words.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.bench import Bench
from energy_runner.director.stop import StopRequest
from instruments.links.base import Link
from instruments.twin_bench.call_faults import KINDS, CallFaults
from instruments.world.faults import Faults
from tests.support.disk_faults import DiskFaults, SmallDisk
from tests.support.sink_faults import SINKS
from tests.support.swarm.host_clock import host_clock_off
from tests.support.swarm.links import Away, How, RaisingCall, Slow
from tests.support.swarm.others import ON_BENCH, ON_FOLDER, Asked
from tests.support.swarm.setting import NS_PER_S, Setting
from tests.support.swarm.sinks import FailingSink

DISK_KINDS = ("EIO", "ENOSPC", "short", "torn")
LEFT_OVER: tuple[dict[str, str], ...] = (
    {"acqmode": "stat"},
    {"funcmode": "high"},
    {"pwrend": "off"},
    {"VOLT:MODE": "ARB"},
    {"VOLT:INP": "AUX1"},
    {"VOLT:RANG:AUTO": "OFF"},
    {"ARB": "1"},
    {"RES:STAT": "1"},
    {"supply": "battery"},
    {"regulation": "current"},
    {"NUM:HOLD": "1"},
    {"*LANG": "TSP"},
    {"REL": "ON"},
    {"PROT": "PROT2"},
)
Arm = Callable[[Setting], str]

REFUSALS = (
    "start",
    "stop",
    "pwr",
    "volt",
    "freq",
    "format",
    "io ",
    "OUTP",
    "VOLT",
    "SENS",
    "INIT",
    "TRIG",
    "FETC",
    "arc_set_main",
    "project_",
    "recording_",
    "NUM",
    "Go",
)
RAISED: dict[str, Callable[[], BaseException]] = {
    "ctrl-c": lambda: KeyboardInterrupt("injected"),
    "memory": lambda: MemoryError("injected"),
    "mistake": lambda: ZeroDivisionError("injected"),
    "exit": lambda: SystemExit("injected"),
}


def switched(name: str, draw: Callable[[Setting], Any]) -> Arm:
    """Set the fault switch `name` of the world to what `draw` returns."""

    def arm(setting: Setting) -> str:
        value = draw(setting)
        setting.on_bench.append(lambda bench: setattr(_faults(bench), name, value))
        return f"{name}={value!r}"

    return arm


def _faults(bench: Bench) -> Faults:
    if bench.twin is None:
        raise ValueError("the swarm runs on virtual benches")
    return bench.twin.world.faults


def _count(low: int, high: int) -> Callable[[Setting], int]:
    return lambda setting: int(setting.rng.integers(low, high))


def _often(setting: Setting) -> int:
    return int(setting.log_uniform(30, 1e6))


def _true(setting: Setting) -> bool:
    return True


def _from_moment(setting: Setting) -> dict[str, int]:
    return {setting.one_of(("dut", *setting.instruments)): setting.moment_ns()}


def _corrupted(setting: Setting) -> str:
    """Damage bytes of one wire for some time: flipped, lost, doubled or added ones."""
    wire, how = setting.one_of(setting.wires), setting.one_of(("flip", "lose", "double", "add", "lose burst"))
    share = setting.log_uniform(1e-4, 0.3)
    start_ns = setting.moment_ns()
    stop_ns = start_ns + int(setting.log_uniform(0.01, 20.0) * NS_PER_S)
    rng = np.random.default_rng(int(setting.rng.integers(2**32)))

    def install(bench: Bench) -> None:
        clock = bench.clock

        def damage(data: bytes) -> bytes:
            if not (start_ns <= clock.now_ns() < stop_ns) or not data or rng.random() >= share:
                return data
            at = int(rng.integers(len(data)))
            if how == "flip":
                return data[:at] + bytes([data[at] ^ (1 << int(rng.integers(8)))]) + data[at + 1 :]
            if how == "lose":
                return data[:at] + data[at + 1 :]
            if how == "double":
                return data + data
            if how == "add":
                return data[:at] + bytes([int(rng.integers(256))]) + data[at:]
            return b""

        _faults(bench).corrupt[wire] = damage

    setting.on_bench.append(install)
    return f"{how} on {wire}, {share:.2g} of bursts, {start_ns / 1e9:.3f} to {stop_ns / 1e9:.3f} s"


def _away(setting: Setting) -> str:
    """Pull an instrument's cable, or make it mute, and put it back."""
    name = setting.one_of(setting.instruments)
    how: How = "gone" if setting.rng.random() < 0.5 else "mute"
    start_ns = setting.moment_ns()
    stop_ns = start_ns + int(setting.log_uniform(0.01, 60.0) * NS_PER_S)

    def wrap(device: str, link: Link) -> Link:
        return Away(link, start_ns, stop_ns, how, lambda: setting.ended_ns) if device == name else link

    setting.wraps.append(wrap)
    return f"{name} {how} from {start_ns / 1e9:.3f} to {stop_ns / 1e9:.3f} s"


def _busy(setting: Setting) -> str:
    """Let every call on an instrument's link take longer for a while, as on a busy host."""
    name, extra_s = setting.one_of(setting.instruments), setting.log_uniform(1e-3, 2.0)
    start_ns = setting.moment_ns()
    stop_ns = start_ns + int(setting.log_uniform(0.05, 3.0) * NS_PER_S)
    setting.wraps.append(lambda device, link: Slow(link, start_ns, stop_ns, extra_s) if device == name else link)
    return f"{name} busy by {extra_s:.3g} s a call from {start_ns / 1e9:.3f} to {stop_ns / 1e9:.3f} s"


def _call(setting: Setting) -> str:
    """Let one call on any link time out, bring garbage, find the cable pulled, or be refused."""
    kind = KINDS[int(setting.rng.integers(len(KINDS)))]
    at = setting.call_of("links")
    setting.wraps.append(CallFaults(kind, at).wrap)
    return f"{kind} at call {at} of all links"


def _raises(setting: Setting) -> str:
    """Let one call on any link raise what no instrument raises: Ctrl-C in the middle, want of memory."""
    what = setting.one_of(tuple(RAISED))
    name = setting.one_of(setting.instruments)
    at = setting.call_of(name)
    setting.wraps.append(
        lambda device, link: (
            RaisingCall(link, at, RAISED[what], setting.injected.append) if device == name else link
        )
    )
    return f"{what} raised by call {at} of {name}"


def _asked_to_stop(setting: Setting) -> str:
    """Send signals at moments of the run, its tear-down included."""
    moments = [setting.moment_ns() for _ in range(int(setting.rng.integers(1, 4)))]

    def install(bench: Bench) -> None:
        for moment in moments:
            bench.twin.clock.call_at(moment, lambda: setting.stop.ask("stopped by SIGHUP"))  # type: ignore[union-attr]

    setting.on_bench.append(install)
    return "signals at " + ", ".join(f"{moment / 1e9:.3f} s" for moment in moments)


def _disk(setting: Setting) -> str:
    """Let a file of the session fail from one of its calls on, or at that one only."""
    sink = setting.one_of(tuple(SINKS))
    at = setting.call_of(f"sink {sink}")
    lasting = bool(setting.rng.random() < 0.5)
    failing = FailingSink(sink, at, lasting=lasting)
    setting.around.append(failing.installed())
    return f"disk full for {sink} at call {at}{' and ever after' if lasting else ''}"


def _disk_call(setting: Setting) -> str:
    """Let one call on the disk fail, in one of the ways in which disks fail."""
    kind, at = setting.one_of(DISK_KINDS), setting.call_of("disk")
    setting.around.append(DiskFaults(kind, at).patched())
    return f"disk full or broken: {kind} at call {at}"


def _small_disk(setting: Setting) -> str:
    """Let the disk become full."""
    left = int(setting.log_uniform(1e3, 3e6))
    setting.around.append(SmallDisk(left).patched())
    return f"disk full after {left} bytes"


def _moved_folder(setting: Setting) -> str:
    """Move the session's folder away."""
    moment_ns = setting.moment_ns()

    def install(bench: Bench) -> None:
        def move() -> None:
            if setting.out.is_dir():
                setting.out.rename(setting.out.with_name("moved"))

        bench.twin.clock.call_at(moment_ns, move)  # type: ignore[union-attr]

    setting.on_bench.append(install)
    return f"session folder moved at {moment_ns / 1e9:.3f} s"


def _odd_samples(setting: Setting) -> str:
    """Let samples of the monitor be what it cannot deliver, or ten times what is beside them, or below zero."""
    every, below = _often(setting), setting.rng.random() < 0.2
    odd_a = -setting.log_uniform(1e-3, 1e3) if below else setting.log_uniform(0.3, 1e3)

    def install(bench: Bench) -> None:
        _faults(bench).odd_sample_every, _faults(bench).odd_sample_a = every, odd_a

    setting.on_bench.append(install)
    return f"one of {every} samples reads {odd_a:.3g} A"


def _fewer_inferences(setting: Setting) -> str:
    """Let the DUT make fewer inferences than it says, as many as a trace can tell; without one, nothing can."""
    share = float(setting.rng.uniform(0.65, 0.95)) if setting.traced else 1.0
    return switched("inferences_made", lambda _: share)(setting)


def _comes_back(setting: Setting) -> dict[str, tuple[int, int]]:
    start_ns = setting.moment_ns()
    stop_ns = start_ns + int(setting.log_uniform(0.01, 40.0) * NS_PER_S)
    return {setting.one_of(("dut", *setting.instruments)): (start_ns, stop_ns)}


def _host_clock_steps(setting: Setting) -> str:
    """Let the host's time of day step, as when it is set by hand or by NTP."""
    step_ns = int(setting.rng.uniform(-86_400, 86_400) * NS_PER_S)
    moment_ns = setting.moment_ns()

    def install(bench: Bench) -> None:
        clock, told = bench.clock, bench.clock.utc_ns
        stepped = patch.object(
            clock, "utc_ns", lambda: told() + (step_ns if clock.now_ns() >= moment_ns else 0), create=True
        )
        stepped.start()

    setting.on_bench.append(install)
    return f"time of day steps by {step_ns / 1e9:.0f} s at {moment_ns / 1e9:.3f} s"


def _host_clock_runs_off(setting: Setting) -> str:
    """Let the host's clock run fast or slow, within what the budget allows it, and change at a moment."""
    rates = [setting.rng.uniform(-HOST_CLOCK_LIMIT, HOST_CLOCK_LIMIT) for _ in range(2)]
    moment_ns = setting.moment_ns()
    setting.building.append(host_clock_off(rates[0], moment_ns, rates[1]))
    return f"host clock off by {rates[0] * 1e6:.0f} ppm, {rates[1] * 1e6:.0f} ppm from {moment_ns / 1e9:.3f} s on"


def _another(table: tuple[Asked, ...]) -> Arm:
    """Let another process want the bench, or the folder of the session, at a moment of the run."""

    def arm(setting: Setting) -> str:
        asked, moment_ns = table[int(setting.rng.integers(len(table)))], setting.moment_ns()

        def come() -> None:
            if (
                setting.ended_ns is None
                and setting.others is not None
                and (table is ON_BENCH or setting.out.is_dir())
            ):
                setting.others.come(asked, setting.out)

        setting.on_bench.append(lambda bench: bench.twin.clock.call_at(moment_ns, come))  # type: ignore[union-attr]
        return f"{' '.join(asked.words)} by another process at {moment_ns / 1e9:.3f} s"

    return arm


# Name, weight in the draw, how it is armed.
TABLE: tuple[tuple[str, float, Arm], ...] = (
    ("lost edge", 2, switched("lost_edges", lambda s: {int(s.rng.integers(0, 14))})),
    (
        "extra edge",
        2,
        switched("extra_edge_after", lambda s: {int(s.rng.integers(0, 14)): int(s.log_uniform(1e4, 1e9))}),
    ),
    ("late edge line", 2, switched("late_edge_line_ns", lambda s: int(s.log_uniform(1e6, 6e8)))),
    ("dropped samples", 2, switched("drop_sample_every", _often)),
    ("garbled samples", 2, switched("garble_sample_every", _often)),
    ("extra characters", 1, switched("extra_characters_every", _often)),
    ("dropped buffer", 1, switched("drop_buffer_at_ns", lambda s: s.moment_ns())),
    ("over range", 1, switched("over_range_above_a", lambda s: s.log_uniform(1e-3, 0.1))),
    ("misread exponent", 2, switched("misread_exponent_at_ns", lambda s: s.moment_ns())),
    ("block lost unseen", 2, switched("lose_block_at_ns", lambda s: s.moment_ns())),
    ("summary of another", 0.5, switched("summary_of_another", _true)),
    ("stray channels", 0.5, switched("stray_channels", _true)),
    ("stale stream", 1, switched("stale_stream", _true)),
    ("buffer full", 0.5, switched("buffer_full", _true)),
    ("welded relay", 0.5, switched("power_stays_on", _true)),
    ("welded contact", 0.5, switched("switch_stays_on", _true)),
    ("broken probe", 0.5, switched("probe_open", _true)),
    ("silent", 2, switched("silent_from_ns", _from_moment)),
    ("unplugged", 2, switched("unplug_at_ns", _from_moment)),
    ("refusal", 1.5, switched("refuse", lambda s: {s.one_of(REFUSALS)})),
    ("reboot", 1.5, switched("reboot_dut_at_ns", lambda s: s.moment_ns())),
    ("brown-out", 1.5, switched("brown_out_at_ns", lambda s: s.moment_ns())),
    ("crash", 1, switched("crash_dut_at_ns", lambda s: s.moment_ns())),
    ("damaged bytes", 8, _corrupted),
    ("away", 5, _away),
    ("busy host", 3, _busy),
    ("bad call", 4, _call),
    ("raising call", 2, _raises),
    ("odd samples", 3, _odd_samples),
    ("flipped signs", 2, switched("flip_sign_every", _often)),
    ("error in the stream", 2, switched("error_at_ns", lambda s: s.moment_ns())),
    ("unplugged and back", 3, switched("unplug_between_ns", _comes_back)),
    ("fewer inferences", 1, _fewer_inferences),
    ("restart at opening", 0.5, switched("dut_restarts_on_open", _true)),
    ("boot loader", 0.5, switched("boot_loader_ns", lambda s: int(s.log_uniform(1e6, 3e9)))),
    ("half a command", 0.5, switched("half_command", lambda s: b"infer 10 1"[: int(s.rng.integers(1, 10))])),
    ("left-over setting", 1, switched("left_over", lambda s: LEFT_OVER[int(s.rng.integers(len(LEFT_OVER)))])),
    ("disk call", 3, _disk_call),
    ("small disk", 2, _small_disk),
    ("moved folder", 0.5, _moved_folder),
    ("signals", 3, _asked_to_stop),
    ("disk", 3, _disk),
    ("another on the bench", 0.7, _another(ON_BENCH)),
    ("another in the folder", 0.7, _another(ON_FOLDER)),
    ("host clock steps", 1, _host_clock_steps),
    ("host clock runs off", 3, _host_clock_runs_off),
)


def armed(setting: Setting, count: int, without: frozenset[int] = frozenset()) -> list[str]:
    """Arm `count` faults drawn from the table; return what each did. Those numbered in `without` are left out."""
    weights = np.array([weight for _, weight, _ in TABLE])
    told = []
    for number in range(count):
        name, _, arm = TABLE[int(setting.rng.choice(len(TABLE), p=weights / weights.sum()))]
        spare = _spare(setting) if number in without else setting
        told.append(("(left out) " if number in without else "") + f"{name}: {arm(spare)}")
    return told


def _spare(setting: Setting) -> Setting:
    """Return a setting on which a fault draws what it would draw, and is armed in vain."""
    return replace(setting, stop=StopRequest(), wraps=[], building=[], on_bench=[], around=[], injected=[])
