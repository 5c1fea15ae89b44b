# SPDX-License-Identifier: Apache-2.0
"""Build the co-simulated boards: build their firmware, load it, wire the boards together."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from instruments.errors import Unavailable
from instruments.twin_bench.cosim import toolchain
from instruments.twin_bench.cosim.avr import Atmega328p
from instruments.twin_bench.cosim.cortex_m import CortexM4
from instruments.twin_bench.cosim.dut import EmulatedDut
from instruments.twin_bench.cosim.io_manager import EmulatedIoManager
from instruments.twin_bench.cosim.lockstep import Lockstep
from instruments.twin_bench.cosim.serial_line import EmulatedSerialLine
from instruments.world.world import World

HERE = Path(__file__).parent
# One instruction is one cycle, so this is also the number of instructions per second. A low frequency costs the
# host less, because a window is ten seconds long at any frequency.
DUT_FREQUENCY_HZ = 16_000_000


@dataclass
class EmulatedBoards:
    """Both boards, and the serial line that connects the DUT directly to the host."""

    dut: EmulatedDut
    io_manager: EmulatedIoManager
    direct: EmulatedSerialLine


def build_boards(
    world: World,
    *,
    benchmark: str,
    firmware: str,
    network: Path | None,
    dut_baud: int,
    line_baud: int,
    model_string: str | None = None,
) -> EmulatedBoards:
    """Return the boards on the world's supply rail, with firmware built for this benchmark and network.

    `firmware` is "energy" or "performance", `dut_baud` the speed of the DUT's UART, `line_baud` that of the host's
    adapter. Raises `Unavailable` for a missing network, compiler or emulator, and `Refused` for a network that
    cannot be built into the firmware.
    """
    if network is None:
        raise Unavailable(
            f"build the DUT's firmware for {benchmark}",
            "no network was given",
            "an int8 .tflite file as the model, or the benchmark demo-keywords, which includes one",
        )
    variables: dict[str, str | Path] = {
        "NETWORK": network,
        "BENCHMARK": benchmark,
        "MODE": firmware,
        "BAUD": str(dut_baud),
    }
    if model_string is not None:
        variables["MODEL_STRING"] = model_string
    elf = toolchain.firmware("cortex_m", "dut_cortex_m.elf", ("arm",), variables)
    core = CortexM4(toolchain.host_library(HERE / "block_hook.c"), elf, DUT_FREQUENCY_HZ)
    avr_elf = toolchain.firmware("io_manager", "io_manager.elf", ("avr",), {})
    avr = Atmega328p(toolchain.host_library(HERE / "avr_host.c", ("simavr", "elf")), avr_elf)

    lockstep = Lockstep(world.clock)
    digest = sha256(network.read_bytes()).hexdigest()[:16]
    described = f"the real DUT firmware with {network.name} (sha256 {digest}…) in an emulated Cortex-M4"
    dut = EmulatedDut(world, lockstep, core, described)
    io_manager = EmulatedIoManager(world, lockstep, avr, dut_baud, dut.byte_arrives)
    dut.on_wire(io_manager.wire_change)
    dut.on_pin(io_manager.pin_change)
    lockstep.boards = (dut, io_manager)  # the order matters: see lockstep.py
    return EmulatedBoards(dut, io_manager, EmulatedSerialLine(world, lockstep, dut, line_baud))
