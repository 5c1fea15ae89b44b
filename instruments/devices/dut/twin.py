# SPDX-License-Identifier: Apache-2.0
"""The DUT's twin: the reference monitor on a board that boots, idles, receives, sends and infers.

It uses the grammar of `twin_monitor.py` with the timing of a UART, draws current accordingly, and pulls the
timestamp pin low where the reference firmware does: `t1` before the first scored inference, `t2` after the last,
with a hold of about a millisecond inside the window (protocols, "Order inside infer").

Beyond the reference it takes `clock HZ`: until it restarts, an inference takes 80 MHz / HZ times as long, and
every current is a static part and a part in proportion to HZ.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from instruments.clock import to_ns
from instruments.devices.dut.twin_classifier import Classifier, TableClassifier
from instruments.devices.dut.twin_monitor import (
    HELP,
    CommandBuffer,
    InputBuffer,
    clock_argument,
    format_results,
    infer_arguments,
)
from instruments.devices.dut.twin_profile import CLOCK_HZ, Levels, NetworkProfile, inference_train
from instruments.world.dut import PIN_HOLD_NS
from instruments.world.phase_marks import PhaseMarks
from instruments.world.wire import Wire
from instruments.world.world import World

# The size of the receive buffer, filled while the core is busy, in most ports of the monitor.
UART_BUFFER_BYTES = 64
PROFILE = "ULPMark for tinyML Firmware V0.0.1"

BOOT_NS = 31_000_000
BROWN_OUT_NS = 5_000_000
# Inferences are planned in blocks, so that a huge number of them costs nothing in advance.
BLOCK = 1024
# Relative errors that the twin draws from the seed, uniformly within ± these limits.
DUT_CLOCK_LIMIT = 50e-6
SPEED_LIMIT = 2e-3
# Standard deviation of one inference's mean level, and the warm-up drift over a window, both relative.
INFERENCE_NOISE = 3e-4
DRIFT = 8e-4
DRIFT_TIME_S = 6.0


@dataclass(frozen=True)
class DutOptions:
    """The build of the DUT's firmware, and what it answers to `name` and `profile`."""

    mode: str = "energy"
    baud: int = 9600
    name: str = "virtual twin"
    model: str | None = None  # what `profile` answers; the network's own string by default
    noise: bool = True


class VirtualDut:
    """One board; `attach(listener)` connects a listener to its UART's transmit pin."""

    def __init__(
        self,
        world: World,
        network: NetworkProfile,
        options: DutOptions | None = None,
        classifier: Classifier | None = None,
        levels: Levels | None = None,
    ) -> None:
        self.world = world
        self.network = network
        self.options = options or DutOptions()
        self.classifier = classifier or TableClassifier(network.outputs)
        self.levels_at_start = levels or Levels()
        self._set_clock(CLOCK_HZ)
        rng = world.rng("dut")
        self._clock_error = 0.0 if world.ideal else rng.uniform(-DUT_CLOCK_LIMIT, DUT_CLOCK_LIMIT)
        self._speed_error = 0.0 if world.ideal else rng.uniform(-SPEED_LIMIT, SPEED_LIMIT)
        self._noise = world.noise_after(rng, "dut") if self.options.noise and not world.ideal else None
        self._listeners: list[Callable[[bytes], None]] = []
        self._transmit = Wire(world, "dut>line", self.options.baud, self._deliver)
        self._commands = CommandBuffer(self._accept)
        self._buffer = InputBuffer()
        self._results: list[float] = [0.0] * network.outputs
        self._waiting = bytearray()  # received while busy
        self._listening = False  # commands are accepted from the end of the boot on
        self._supplies = 0  # how often the supply was switched
        self._life = 0  # grows at every restart too; events planned in an earlier life are dropped
        self._busy = True
        self._boot_ns = 0
        self._off_since_ns = world.clock.now_ns()
        world.on_power(self._power_changed)

    def attach(self, listener: Callable[[bytes], None]) -> None:
        """Call `listener` with all bytes that the DUT sends."""
        self._listeners.append(listener)

    @property
    def answers_from(self) -> str:
        """Return where the results come from, as text."""
        return self.classifier.description

    def take_marks(self) -> PhaseMarks | None:
        """Return None: a twin computes no layers, so there is nothing to mark."""
        return None

    @property
    def baud(self) -> int:
        """Return the speed of the UART in bits per second."""
        return self.options.baud

    @property
    def talking(self) -> bool:
        """Return whether the DUT is transmitting now."""
        return self._transmit.busy

    @property
    def _hung(self) -> bool:
        faults, now_ns = self.world.faults, self.world.clock.now_ns()
        crashed = faults.crash_dut_at_ns is not None and now_ns >= faults.crash_dut_at_ns
        return crashed or faults.dut_hangs_until_off_ns > 0 or faults.is_silent("dut", now_ns)

    def receiving_starts(self) -> None:
        """Notice the first start bit of a burst: the UART wakes the core."""
        if self.world.powered and not self._busy and not self._hung:
            self.world.draw(self.levels.uart_receive_a)

    def receive(self, data: bytes) -> None:
        """Take bytes from the receive pin; bytes are lost if the core is busy and the buffer is full."""
        if not self.world.powered or self._hung:
            return
        if not self._busy:
            self.world.draw(self.levels.idle_a)
        if not self._listening:
            self._commands.feed(data)
            return
        self._waiting += data
        self._work_off()
        del self._waiting[UART_BUFFER_BYTES:]

    # --- life -------------------------------------------------------------------------------------------

    def _power_changed(self, powered: bool) -> None:
        self._supplies += 1
        self._forget()
        faults, now_ns = self.world.faults, self.world.clock.now_ns()
        if not powered:
            self._off_since_ns = now_ns
        elif now_ns - self._off_since_ns >= faults.dut_hangs_until_off_ns:
            faults.dut_hangs_until_off_ns = 0
        if powered:
            self._plan_restart(self.world.faults.reboot_dut_at_ns, 0)
            self._plan_restart(self.world.faults.brown_out_at_ns, BROWN_OUT_NS)
            self._start(self._boot(0))

    def _plan_restart(self, at_ns: int | None, dark_ns: int) -> None:
        """Schedule a restart at `at_ns`, with `dark_ns` without current, unless the supply is switched before."""
        supplies = self._supplies

        def restart() -> None:
            if supplies == self._supplies:
                self._forget()
                self._start(self._boot(dark_ns))

        if at_ns is not None and at_ns > self.world.clock.now_ns():
            self.world.clock.call_at(at_ns, restart)

    def _forget(self) -> None:
        """Lose the contents of RAM and the bytes on the line."""
        self._life += 1
        self._waiting.clear()
        self._commands.clear()
        self._transmit.drop()
        self._buffer = InputBuffer()
        self._results = [0.0] * self.network.outputs
        self._listening = False
        self._set_clock(CLOCK_HZ)

    def _set_clock(self, clock_hz: int) -> None:
        self._clock_hz = clock_hz
        self.levels = self.levels_at_start.at(clock_hz)

    def _start(self, steps: Iterator[int]) -> None:
        """Execute an activity: a generator that yields how long (ns) to wait before its next step."""
        life = self._life
        self._busy = True

        def resume() -> None:
            if life != self._life:
                return
            delay_ns = next(steps, None)
            if delay_ns is not None:
                self.world.clock.call_after(delay_ns, resume)
            else:
                self._rest()

        resume()

    def _rest(self) -> None:
        self._busy = False
        self.world.draw(self.levels.idle_a)
        self._work_off()

    def _work_off(self) -> None:
        """Process received bytes until a command starts."""
        while self._waiting and not self._busy:
            byte = self._waiting.pop(0)
            self._commands.feed(bytes([byte]))

    def _accept(self, command: str) -> None:
        if self._listening:  # before that, the monitor collects commands but ignores them
            self._start(self._answer(command))

    # --- activities: generators of delays in ns -----------------------------------------------------------

    def _boot(self, dark_ns: int) -> Iterator[int]:
        self.world.draw(0.0)
        yield dark_ns
        self._boot_ns = self.world.clock.now_ns()
        self.world.draw(self.levels.boot_a)
        yield self.world.faults.boot_loader_ns
        self._commands.clear()
        yield BOOT_NS
        yield from self._say(f"m-timestamp-mode-{self.options.mode}\r\n")
        yield from self._timestamp()
        yield from self._say("m-init-done\r\n")
        self._listening = True
        self._commands.feed(self.world.faults.half_command)
        yield from self._say("m-ready\r\n")

    def _answer(self, command: str) -> Iterator[int]:
        words = [word for word in command.split(" ") if word]
        actions: dict[str, Callable[[list[str]], Iterator[int]]] = {
            "name": lambda _: self._say(f"m-name-dut-[{self.options.name}]\r\n"),
            "profile": lambda _: self._say(
                f"m-profile-[{PROFILE}]\r\nm-model-[{self.options.model or self.network.model}]\r\n"
            ),
            "help": lambda _: self._say(HELP.format(profile=PROFILE)),
            "timestamp": lambda _: self._timestamp(),
            "db": lambda arguments: self._say(self._buffer.command(arguments)),
            "infer": self._infer,
            "results": lambda _: self._say(format_results(self._results)),
            "clock": self._clock,
        }
        unknown = words[0] if words else "(null)"
        action = actions.get(unknown)
        if self.world.faults.refuses(command):
            yield from self._say(f"e-[Refused by a fault switch: {unknown}]\r\n")
        elif action is None:
            yield from self._say(f"e-[Unknown command: {unknown}]\r\n")
        else:
            yield from action(words[1:])
        yield from self._say("m-ready\r\n")

    def _infer(self, words: list[str]) -> Iterator[int]:
        arguments = infer_arguments(words)
        if isinstance(arguments, str):
            yield from self._say(arguments)
            return
        inferences, warmups = arguments
        self._results = self.classifier.infer(self._buffer.stimulus(self.network.input_bytes))
        yield from self._say(f"m-warmup-start-{warmups}\r\n")
        yield from self._compute(warmups)
        yield from self._say(f"m-warmup-done\r\nm-infer-start-{inferences}\r\n")
        start_ns = self.world.clock.now_ns()
        self.world.begin_window(start_ns)
        yield from self._timestamp()
        made = max(1, round(inferences * self.world.faults.inferences_made))
        yield from self._compute(made)
        self.world.note_window(start_ns, self.world.clock.now_ns(), made)
        yield from self._timestamp()
        yield from self._say(f"m-infer-done\r\n{format_results(self._results)}")

    def _clock(self, words: list[str]) -> Iterator[int]:
        clock_hz = clock_argument(words)
        if isinstance(clock_hz, str):
            yield from self._say(clock_hz)
            return
        self._set_clock(clock_hz)
        yield from self._say(f"m-clock-[{clock_hz}]\r\n")

    def _timestamp(self) -> Iterator[int]:
        if self.options.mode == "performance":
            elapsed_us = (self.world.clock.now_ns() - self._boot_ns) / 1e3 * (1.0 + self._clock_error)
            yield from self._say(
                f"m-lap-us-{int(elapsed_us) % (self.world.faults.dut_clock_wraps_us or 1 << 32)}\r\n"
            )
            return
        self.world.draw(self.levels.infer_a)
        self.world.pin_falls()
        yield PIN_HOLD_NS

    def _compute(self, inferences: int) -> Iterator[int]:
        slower = (1.0 + self._speed_error) * (CLOCK_HZ / self._clock_hz)
        period_ns = round(to_ns(self.network.inference_s) * slower)
        for done in range(0, inferences, BLOCK):
            count = min(BLOCK, inferences - done)
            elapsed_s = np.arange(done, done + count) * (period_ns / 1e9)
            scales = 1.0 + DRIFT * (1.0 - np.exp(-elapsed_s / DRIFT_TIME_S))
            if self._noise is not None:
                scales += self._noise.normal(0.0, INFERENCE_NOISE, count)
            start_ns = self.world.clock.now_ns()
            self.world.plan(*inference_train(self.network, self.levels.infer_a, start_ns, period_ns, scales))
            yield count * period_ns

    def _say(self, text: str) -> Iterator[int]:
        """Send text with blocking prints, one line at a time, as the reference firmware does."""
        self.world.draw(self.levels.uart_send_a)
        for line in text.split("\n")[:-1]:
            now_ns = self.world.clock.now_ns()
            yield max(0, self._transmit.send(f"{line}\n".encode("latin-1", "replace")) - now_ns)

    def _deliver(self, data: bytes) -> None:
        if self.world.powered and not self._hung:
            for listener in self._listeners:
                listener(data)
