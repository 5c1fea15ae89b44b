# SPDX-License-Identifier: Apache-2.0
"""The portable core of the IO manager's firmware, compiled for this computer over a port made of memory."""

import ctypes
import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.places import ROOT

FIRMWARE = ROOT / "dut_firmware" / "io_manager"
FAKE = ROOT / "tests" / "support" / "io_fake_port.c"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-Wstrict-prototypes"]
SANITIZE = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is missing: install gcc")

FUZZ = """
#include <stdint.h>
void fake_boot(void);
void fake_event(char, uint32_t);
void fake_run(void);

int main(void)
{
    uint32_t random = 1;

    for (int run = 0; run < 40; run++) {
        fake_boot();
        for (int i = 0; i < 25000; i++) {
            random = random * 1664525u + 1013904223u;
            fake_event("hhhhdddels"[(random >> 24) % 10u],
                       (random >> 8 & 31u) == 0 ? (uint32_t)'%' : random >> 12 & 255u);
            if ((random & 0xf00u) == 0) {
                fake_run();
            }
        }
    }
    return 0;
}
"""


class Core:
    """The core in this process, started anew; one at a time."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.fake_boot()
        self.take()

    def event(self, kind: str, value: int) -> None:
        self._library.fake_event(kind.encode(), value)

    def feed(self, kind: str, data: bytes) -> None:
        for byte in data:
            self.event(kind, byte)

    def run(self) -> bytes:
        self._library.fake_run()
        return self.take()

    def take(self, whose: str = "h") -> bytes:
        buffer = ctypes.create_string_buffer(1 << 16)
        count = self._library.fake_take(whose.encode(), buffer, len(buffer))
        return buffer.raw[:count]

    def ask(self, data: bytes) -> bytes:
        self.feed("h", data)
        return self.run()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("io") / "io.so"
    sources = [str(FAKE), *map(str, sorted(FIRMWARE.glob("*.c")))]
    command = ["gcc", *WARNINGS, *SANITIZE, "-g", "-fPIC", "-shared", f"-I{FIRMWARE}", *sources, "-o", str(path)]
    subprocess.run(command, check=True, timeout=120)
    loaded = ctypes.CDLL(str(path))
    loaded.fake_event.argtypes = [ctypes.c_char, ctypes.c_uint32]
    loaded.fake_take.argtypes = [ctypes.c_char, ctypes.c_char_p, ctypes.c_size_t]
    loaded.fake_take.restype = ctypes.c_size_t
    return loaded


@pytest.fixture
def core(library):
    return Core(library)


def test_it_is_silent_until_it_is_asked(library):
    """A client takes the first line that it hears for an answer."""
    library.fake_boot()
    core = Core.__new__(Core)
    core._library = library
    assert core.run() == b""


def test_the_timer_is_what_was_asked_for(core, library):
    assert core.ask(b"enable-timer%") == b"m-timer-enabled\r\nm-ready\r\n"
    assert library.fake_edges() == 1
    core.ask(b"tm 1%")
    assert library.fake_edges() == 0
    core.ask(b"enable-timer%")
    assert library.fake_edges() == 2
    core.ask(b"disable-timer%")
    assert library.fake_edges() == 0


def test_help_lists_every_command(core):
    said = core.ask(b"help%")
    for word in (b"name", b"version", b"enable-timer", b"disable-timer", b"tm", b"res", b"dut", b"et"):
        assert word in said


def test_pass_through_keeps_the_command_as_it_is(core):
    assert core.ask(b"dut  db  print%") == b"m-dut-passthrough( db  print)\r\nm-ready\r\n"
    assert core.take("d") == b" db  print%"


def test_the_longest_command_of_a_dut_goes_through_whole(core):
    command = b"x" * 80
    assert core.ask(b"dut " + command + b"%").startswith(b"m-dut-passthrough(" + command)
    assert core.take("d") == command + b"%"
    assert core.ask(b"dut " + command + b"y%") == b"e-[The command is too long]\r\nm-ready\r\n"
    assert core.take("d") == b""


def test_commands_wait_for_room_towards_the_dut(core):
    commands = [b"%02d" % k * 35 for k in range(9)]
    said = core.ask(b"".join(b"dut " + command + b"%" for command in commands))
    assert said.count(b"m-ready") == len(commands)
    assert core.take("d") == b"".join(command + b"%" for command in commands)


def test_a_lap_never_falls_into_a_line(core):
    core.feed("d", b"m-infer")
    core.event("e", 4294967295)
    core.feed("d", b"-done\r\n")
    assert sorted(core.run().splitlines()) == [b"[dut]: m-infer-done", b"m-lap-us-4294967295"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"\r\n", b"[dut]: \r\n"),
        (b"a\n", b"[dut]: a\r\n"),
        (b"a\rb\r\n", b"[dut]: a\rb\r\n"),
        (b"\0\xff\r\n", b"[dut]: \0\xff\r\n"),
    ],
)
def test_lines_of_the_dut(core, line, shown):
    core.feed("d", line)
    assert core.run() == shown


def test_losses_are_told(core):
    core.event("l", 1 | 2)
    said = core.run() + core.ask(b"name%")
    assert b"e-[Bytes from the DUT were lost]\r\n" in said
    assert b"e-[Edges were lost: they came too fast]\r\n" in said


def test_the_command_of_which_bytes_were_lost_is_not_run_and_no_other(core):
    said = core.ask(b"dut name%dut infer 5\0 1%version%")
    refused = b"e-[Bytes of the command were lost]\r\nm-ready\r\n"
    assert said == b"m-dut-passthrough(name)\r\nm-ready\r\n" + refused + b"m-version-1.0.3\r\nm-ready\r\n"
    assert core.take("d") == b"name%"


@pytest.mark.parametrize("length", [127, 128, 129, 1000])
def test_a_dut_that_never_ends_its_line_keeps_nobody_waiting(core, length):
    core.feed("d", b"\xff" * length)
    core.event("e", 5)
    said = core.ask(b"name%")
    assert b"m-name-io\r\nm-ready\r\n" in said
    assert b"m-lap-us-5\r\n" in said
    assert said.count(b"\xff") == length // 128 * 128 - (128 if length % 128 == 0 else 0)


def test_no_lap_follows_the_end_of_the_timer(core):
    core.ask(b"enable-timer%")
    core.feed("h", b"disable-timer%")
    said = core.run()
    assert said == b"m-timer-disabled\r\nm-ready\r\n"


def test_a_reset_forgets_which_edges_were_chosen(core, library):
    core.ask(b"tm 1%")
    library.fake_boot()
    core.ask(b"enable-timer%")
    assert library.fake_edges() == 1


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_any_bytes_of_the_host_get_an_answer_for_each_percent_sign_however_split(library, data, cuts):
    whole = Core(library).ask(data)
    core = Core(library)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    split = b"".join(core.ask(data[a:b]) for a, b in pairwise(places))
    assert split == whole
    assert len(re.findall(rb"(?:^|\n)m-ready\r\n", whole)) == data.count(b"%")
    assert all(byte in b"\r\n" or 0x20 <= byte < 0x7F for byte in whole)


@given(st.binary(max_size=600))
def test_every_byte_of_the_dut_comes_out_again(library, data):
    core = Core(library)
    core.feed("d", data + b"\n")
    lines = core.run().split(b"\r\n[dut]: ")
    lines[0] = lines[0].removeprefix(b"[dut]: ")
    lines[-1] = lines[-1].removesuffix(b"\r\n")
    wanted = []
    for line in data.split(b"\n"):
        line_wanted = [line[at : at + 128] for at in range(0, len(line), 128)] or [b""]
        wanted += [*line_wanted[:-1], line_wanted[-1].removesuffix(b"\r")]
    assert lines == wanted


def test_no_access_is_out_of_bounds(tmp_path):
    """The same core under the address sanitizer, which needs a process of its own, in a million random events."""
    main = tmp_path / "main.c"
    main.write_text(FUZZ)
    program = tmp_path / "fuzz"
    sources = [str(main), str(FAKE), *map(str, sorted(FIRMWARE.glob("*.c")))]
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1", f"-I{FIRMWARE}"]
    subprocess.run(["gcc", "-std=c11", *flags, *sources, "-o", str(program)], check=True, timeout=120)
    subprocess.run([str(program)], check=True, timeout=120)
