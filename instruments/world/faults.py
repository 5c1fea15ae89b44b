# SPDX-License-Identifier: Apache-2.0
"""Fault switches for everything that goes wrong on a bench; the twins check them before they act.

Each switch imitates one fault seen on real benches. All are off by default. Times are virtual nanoseconds, counts
start at zero. A test (or `bench serve --fault`) sets them before or during a run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

_NEVER = (0, 0)


@dataclass
class Faults:
    """Fault switches of one world."""

    # The timestamp pin. Edges are numbered from 0, every falling edge of the DUT since the start of the world.
    lost_edges: set[int] = field(default_factory=set)
    extra_edge_after: dict[int, int] = field(default_factory=dict)  # edge number -> delay in ns
    edge_delay_ns: int = 0  # every edge reaches all instruments so much later than the DUT pulls its pin
    late_edge_line_ns: int = 0  # the monitor reports an edge at the right position, but this much later

    # Samples of the monitor's stream.
    drop_sample_every: int = 0  # 0 = never
    garble_sample_every: int = 0
    extra_characters_every: int = 0
    drop_buffer_at_ns: int | None = None  # one host stall long enough to overflow the instrument
    over_range_above_a: float | None = None
    misread_exponent_at_ns: int | None = None  # one sample reads ten times too large, its line is well formed
    odd_sample_every: int = 0  # one of so many samples reads `odd_sample_a`, whatever the DUT draws
    odd_sample_a: float = 4.0
    flip_sign_every: int = 0  # the sign of one of so many readings of current is wrong
    error_at_ns: int | None = None  # the instrument reports an error of its own during an acquisition
    lose_block_at_ns: int | None = None  # a block of samples is lost, and nothing in the stream shows it
    summary_of_another: bool = False  # the monitor sums up the acquisition before this one
    stray_channels: bool = False  # a log of one channel also holds the values of every other channel

    # Bytes on the wires, by wire name: "host>io-manager", "io-manager>host", "io>dut", "dut>io", "host>dut",
    # "dut>host", "host>monitor", "monitor>host", and "dut>line" for the DUT's transmit pin, whatever is connected
    # to it. The function is called once for each burst (each line, if the sender sends lines) and returns what
    # arrives.
    corrupt: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)

    # Devices, by name: "dut", "io-manager", "monitor".
    silent: set[str] = field(default_factory=set)
    silent_from_ns: dict[str, int] = field(default_factory=dict)
    unplugged: set[str] = field(default_factory=set)
    unplug_at_ns: dict[str, int] = field(default_factory=dict)
    unplug_between_ns: dict[str, tuple[int, int]] = field(default_factory=dict)  # gone, and back
    # What a step of recovery cures. A device that hangs until DTR of its port is asserted, at an opening or later.
    stuck_until_reset: set[str] = field(default_factory=set)
    # A device that ignores the host through so many openings of its port, as when a USB stack has lost step.
    deaf_openings: dict[str, int] = field(default_factory=dict)
    # A device that is gone until a port of a USB hub, or a relay, was switched off and on; `replugged()` says so.
    gone_until_replugged: set[str] = field(default_factory=set)
    dut_hangs_until_off_ns: int = 0  # the DUT hangs until it was without supply for so long: a latch-up; 0 = not
    # Prefixes of commands that are answered with an error; those of the IO manager begin with "io ".
    refuse: set[str] = field(default_factory=set)
    inferences_made: float = 1.0  # share of those asked for that the DUT makes, while it answers for all
    # When the DUT restarts by itself, or because its rail collapses; read when its supply comes on.
    reboot_dut_at_ns: int | None = None
    brown_out_at_ns: int | None = None
    dut_restarts_on_open: bool = False  # opening the DUT's own port restarts it, as DTR does on many boards
    boot_loader_ns: int = 0  # a boot loader runs so long before the firmware, and swallows what comes
    half_command: bytes = b""  # what a run that died left in the DUT's line buffer
    dut_clock_wraps_us: int = 0  # the DUT's microseconds wrap here instead of at 2^32; 0 = they do not
    crash_dut_at_ns: int | None = None  # the DUT's core stops for ever after an invalid instruction: a hard fault
    stale_stream: bool = False  # an earlier run left the monitor streaming with the DUT powered
    left_on: int = 0  # the output of a box with several that another program left switched on, from 1; 0 = none
    # What another program left set in the monitor, in the words of its own commands: {"acqmode": "stat"}.
    left_over: dict[str, str] = field(default_factory=dict)
    buffer_full: bool = False  # the monitor reports a full transmit buffer (`buff 100%`)
    power_stays_on: bool = False  # a welded relay: "off" is acknowledged, the output stays on
    switch_stays_on: bool = False  # the same of the switch that is to cut the debug probe
    probe_open: bool = False  # a thermometer's probe is broken: it shows what its kind shows then

    def is_silent(self, device: str, now_ns: int) -> bool:
        """Return whether a device has stopped answering."""
        if self.is_deaf(device):
            return True
        return device in self.silent or now_ns >= self.silent_from_ns.get(device, now_ns + 1)

    def is_deaf(self, device: str) -> bool:
        """Return whether a device hangs until it is reset, or until its port is opened again."""
        return device in self.stuck_until_reset or self.deaf_openings.get(device, -1) >= 0

    def opened(self, device: str, *, dtr: bool) -> None:
        """Take note that the port of a device was opened, with that level of DTR."""
        if dtr:
            self.stuck_until_reset.discard(device)
        if device in self.deaf_openings:
            self.deaf_openings[device] -= 1

    def replugged(self) -> None:
        """Take note that the port of the USB hub was switched off and on."""
        self.gone_until_replugged.clear()

    def is_unplugged(self, device: str, now_ns: int) -> bool:
        """Return whether a device's cable is unplugged."""
        if not (self.unplugged or self.gone_until_replugged or self.unplug_at_ns or self.unplug_between_ns):
            return False  # asked at every turn of a wait
        if (
            device in self.unplugged
            or device in self.gone_until_replugged
            or now_ns >= self.unplug_at_ns.get(device, now_ns + 1)
        ):
            return True
        gone_ns, back_ns = self.unplug_between_ns.get(device, _NEVER)
        return gone_ns <= now_ns < back_ns

    def was_unplugged(self, device: str, since_ns: int, now_ns: int) -> bool:
        """Return whether a device's cable is unplugged, or was since `since_ns`: what was opened then is dead."""
        if not (self.unplugged or self.unplug_at_ns or self.unplug_between_ns):
            return False
        gone_ns, back_ns = self.unplug_between_ns.get(device, _NEVER)
        return self.is_unplugged(device, now_ns) or (gone_ns < back_ns <= now_ns and since_ns < back_ns)

    def refuses(self, command: str) -> bool:
        """Return whether a command is to be refused."""
        return any(command.startswith(prefix) for prefix in self.refuse)

    def pass_through(self, wire: str, data: bytes) -> bytes:
        """Return what arrives at the far end of `wire` when `data` is sent."""
        corrupt = self.corrupt.get(wire)
        return corrupt(data) if corrupt else data
