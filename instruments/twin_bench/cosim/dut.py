# SPDX-License-Identifier: Apache-2.0
"""The DUT of the co-simulated bench: the firmware's ELF in an emulated Cortex-M4, on the world's rail and pins.

What the firmware does (wait, receive, send, compute a layer) sets the current of the DUT. Edges of the timestamp
pin go to the world, where the monitor captures them, and to the IO manager. The core's clock is exact.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from instruments.devices.dut.twin import BROWN_OUT_NS
from instruments.devices.dut.twin_profile import Levels
from instruments.twin_bench.cosim.activity import Activity, LayerKind, activity_current_a, layer_current_a
from instruments.twin_bench.cosim.bits import frame_levels, frame_ns
from instruments.twin_bench.cosim.core_events import CoreEvent, Kind
from instruments.twin_bench.cosim.cortex_m import CortexM4
from instruments.twin_bench.cosim.lockstep import Lockstep
from instruments.world.phase_marks import PhaseMarks
from instruments.world.world import World

EXTRA_PULSE_NS = 100_000
_INFER_START = re.compile(rb"m-infer-start-([0-9]{1,10})\r?\n")
_LONGEST_LINE = 256

LevelListener = Callable[[int, bool], None]  # called with (time in ns, level)
ByteListener = Callable[[int, int], None]  # called with (time in ns when the stop bit ends, byte)


@dataclass
class _Window:
    """An `infer` that the firmware has announced; `layers` are (time in ns, index, kind, operations)."""

    inferences: int
    start_ns: int | None = None
    layers: list[tuple[int, int, LayerKind, int]] = field(default_factory=list)


class EmulatedDut:
    """One board. Listeners get its UART's transmit pin bit by bit (`on_wire`) or byte by byte (`on_byte`)."""

    def __init__(
        self, world: World, lockstep: Lockstep, core: CortexM4, description: str, levels: Levels | None = None
    ) -> None:
        self.answers_from = description
        self._world = world
        self._lockstep = lockstep
        self._core = core
        self._levels = levels or Levels()
        self._wire_listeners: list[LevelListener] = []
        self._pin_listeners: list[LevelListener] = []
        self._byte_listeners: list[ByteListener] = []
        self._life = 0  # grows whenever the core loses its memory; events planned in an earlier life are dropped
        self._supplies = 0
        self._starts_ns: int | None = None  # of this life; None without supply
        self._running = False
        self._falls = 0
        self._heard_ns = 0
        self._said = bytearray()
        self._window: _Window | None = None
        self._marks: PhaseMarks | None = None
        self._plan: list[tuple[int, float]] = []
        world.on_power(self._power_changed)

    @property
    def baud(self) -> int:
        """Return the speed of the DUT's UART, as the firmware has set it."""
        return self._core.baud

    @property
    def fault(self) -> str | None:
        """Return what stopped the core, or None."""
        return self._core.fault

    def on_wire(self, listener: LevelListener) -> None:
        """Call `listener` at every change of the transmit pin."""
        self._wire_listeners.append(listener)

    def on_pin(self, listener: LevelListener) -> None:
        """Call `listener` at every change of the timestamp pin, as the fault switches let it appear."""
        self._pin_listeners.append(listener)

    def on_byte(self, listener: ByteListener) -> None:
        """Call `listener` for every byte on the transmit pin."""
        self._byte_listeners.append(listener)

    def byte_arrives(self, at_ns: int, byte: int) -> None:
        """Receive a byte whose frame on the receive pin ends at `at_ns`."""
        if self._running:  # with two senders on one wire, the later byte waits for the earlier one
            self._heard_ns = max(self._heard_ns, self._lockstep.at_earliest(at_ns))
            self._core.schedule_uart(self._cycle(self._heard_ns), byte)

    def take_marks(self) -> PhaseMarks | None:
        """Return where the layers of the last finished window began, once."""
        marks, self._marks = self._marks, None
        return marks

    # --- life -------------------------------------------------------------------------------------------

    def _power_changed(self, powered: bool) -> None:
        self._supplies += 1
        self._forget()
        self._starts_ns = None
        if powered:
            self._start(0)
            self._plan_event(self._world.faults.reboot_dut_at_ns, lambda: self._restart(0))
            self._plan_event(self._world.faults.brown_out_at_ns, lambda: self._restart(BROWN_OUT_NS))
            self._plan_event(self._world.faults.crash_dut_at_ns, self._core.crash)

    def _plan_event(self, at_ns: int | None, action: Callable[[], None]) -> None:
        """Schedule `action` at `at_ns`, unless the DUT's supply is switched before."""
        supplies = self._supplies

        def happen() -> None:
            if supplies == self._supplies:
                action()

        if at_ns is not None and at_ns > self._world.clock.now_ns():
            self._world.clock.call_at(at_ns, happen)

    def _restart(self, dark_ns: int) -> None:
        self._forget()
        self._start(dark_ns)

    def _start(self, dark_ns: int) -> None:
        """Start the core after `dark_ns` without current, but not before the end of the slice already run."""
        now_ns = self._world.clock.now_ns()
        self._starts_ns = self._lockstep.at_earliest(now_ns + dark_ns)
        self._world.draw(0.0)
        on_ns = np.array([float(now_ns + dark_ns)])
        self._world.plan(on_ns, np.array([activity_current_a(self._levels, Activity.BOOT)]))

    def _forget(self) -> None:
        """Lose the RAM and the state of the pins, which go high."""
        self._life += 1
        self._running = False
        self._said.clear()
        self._window = None
        self._plan.clear()
        for listener in (*self._wire_listeners, *self._pin_listeners):
            listener(self._lockstep.at_earliest(self._world.clock.now_ns()), True)

    # --- a slice ------------------------------------------------------------------------------------------

    def run_until(self, at_ns: int) -> None:
        """Run the core up to `at_ns`, and schedule its outputs."""
        if self._starts_ns is None or at_ns <= self._starts_ns:
            return
        if not self._running:
            self._running = True
            self._core.reset()
        if self._world.faults.is_silent("dut", at_ns):
            self._core.hang()
        for event in self._core.run_until(self._cycle(at_ns)):
            self._happened(event)
        if self._plan:
            at, current_a = zip(*self._plan, strict=True)
            self._world.plan(np.array(at, dtype=np.float64), np.array(current_a))
            self._plan.clear()

    def _cycle(self, at_ns: int) -> int:
        return (at_ns - (self._starts_ns or 0)) * self._core.frequency_hz // 1_000_000_000

    def _ns(self, cycle: int) -> int:
        return (self._starts_ns or 0) + cycle * 1_000_000_000 // self._core.frequency_hz

    def _later(self, at_ns: int, action: Callable[[], None]) -> None:
        """Schedule `action` at a moment of this slice, unless the core loses its memory before."""
        life = self._life

        def happen() -> None:
            if life == self._life:
                action()

        self._world.clock.call_at(at_ns, happen)

    # --- what the core does -------------------------------------------------------------------------------

    def _happened(self, event: CoreEvent) -> None:
        handlers: dict[Kind, Callable[[int, CoreEvent], None]] = {
            Kind.ACTIVITY: self._activity,
            Kind.LAYER: self._layer,
            Kind.UART: self._byte,
            Kind.TIMESTAMP: self._pin,
            # A core that has stopped keeps drawing the same current, and sends nothing more.
            Kind.FAULT: lambda _at_ns, _event: None,
        }
        handlers[event.kind](self._ns(event.cycle), event)

    def _activity(self, at_ns: int, event: CoreEvent) -> None:
        self._plan.append((at_ns, activity_current_a(self._levels, Activity(event.value))))

    def _layer(self, at_ns: int, event: CoreEvent) -> None:
        kind = LayerKind(event.layer_kind)
        self._plan.append((at_ns, layer_current_a(self._levels, kind)))
        if self._window is not None and self._window.start_ns is not None:
            self._window.layers.append((at_ns, event.layer_index, kind, event.operations))

    def _byte(self, at_ns: int, event: CoreEvent) -> None:
        sent = self._world.faults.pass_through("dut>line", bytes([event.value]))
        self._hear(event.value)
        self._lockstep.note_traffic(at_ns)
        for place, byte in enumerate(sent):  # a fault switch may drop the byte or replace it by several
            start_ns = at_ns + place * frame_ns(self.baud)
            for wire in self._wire_listeners:
                for change_ns, level in frame_levels(byte, start_ns, self.baud):
                    wire(change_ns, level)
            for listener in self._byte_listeners:
                listener(start_ns + frame_ns(self.baud), byte)

    def _hear(self, byte: int) -> None:
        """Read the firmware's announcement of a window, to know which edges bound it."""
        self._said.append(byte)
        if byte != ord("\n"):
            del self._said[:-_LONGEST_LINE]
            return
        announced = _INFER_START.fullmatch(bytes(self._said))
        self._said.clear()
        if announced:
            self._window = _Window(int(announced[1]))

    def _pin(self, at_ns: int, event: CoreEvent) -> None:
        if event.value:
            self._tell_pin(at_ns, True)
            return
        number = self._falls
        self._falls += 1
        self._bound(at_ns)
        self._later(at_ns, self._world.pin_falls)
        faults = self._world.faults
        if number not in faults.lost_edges:
            self._tell_pin(at_ns, False)
            delay_ns = faults.extra_edge_after.get(number)
            if delay_ns is not None:
                self._tell_pin(at_ns + delay_ns, False)
                self._tell_pin(at_ns + delay_ns + EXTRA_PULSE_NS, True)

    def _tell_pin(self, at_ns: int, level: bool) -> None:
        for listener in self._pin_listeners:
            listener(at_ns + self._world.faults.edge_delay_ns, level)

    def _bound(self, at_ns: int) -> None:
        """Begin or end the announced window at a falling edge."""
        window = self._window
        if window is None:
            return
        if window.start_ns is None:
            window.start_ns = at_ns
            self._world.begin_window(at_ns)
            return
        start_ns, self._window = window.start_ns, None
        self._marks = _marks(window, start_ns, at_ns)
        self._later(at_ns, lambda: self._world.note_window(start_ns, at_ns, window.inferences))


def _marks(window: _Window, start_ns: int, stop_ns: int) -> PhaseMarks | None:
    """Return a window's layers as marks, counted from its first edge; None if the firmware reported none."""
    if not window.layers or len(window.layers) % window.inferences:
        return None
    first = window.layers[: len(window.layers) // window.inferences]
    return PhaseMarks(
        names=tuple(f"{index} {kind.name}" for _, index, kind, _ in first),
        operations=tuple(operations for _, _, _, operations in first),
        offsets_ns=tuple(at_ns - start_ns for at_ns, *_ in window.layers),
        stop_ns=stop_ns - start_ns,
    )
