"""The DUT firmware's monitor in C, in this process: the reference grammar and where it is stricter.

Source: protocols, "DUT monitor: answers of the reference parser, as run natively on Linux"; the differences are
those of the table in dut_firmware/README.md.
"""

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIRMWARE = Path(__file__).parents[2] / "dut_firmware"
READY = b"m-ready\r\n"
NAME = b"m-name-dut-[host port, no network]\r\n"
PROFILE = b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n"
MAX_INPUT_BYTES = 27648

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None or shutil.which("make") is None,
    reason="gcc or make is missing: install the packages gcc, libc6-dev and make",
)


def make(out: Path, *goals: str, mode: str = "energy", **variables: str) -> Path:
    """Build goals into a folder of their own; return it."""
    given_variables = [f"{name}={value}" for name, value in variables.items()]
    command = ["make", "-C", str(FIRMWARE), "CC=gcc", f"MODE={mode}", f"OUT={out}", *given_variables]
    built = subprocess.run(
        [*command, *(f"{out}/{goal}" for goal in goals)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return out


class Firmware:
    """The monitor as a shared library, in its own copy: another copy has another state."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._library.er_host_take.restype = ctypes.c_size_t
        self._library.er_host_events.restype = ctypes.c_size_t
        self._buffer = ctypes.create_string_buffer(1 << 20)

    def boot(self) -> bytes:
        self._library.er_host_boot()
        return self.hear()

    def feed(self, data: bytes) -> None:
        self._library.er_host_feed(data, ctypes.c_size_t(len(data)))

    def hear(self) -> bytes:
        said = b""
        while count := self._library.er_host_take(self._buffer, ctypes.c_size_t(len(self._buffer))):
            said += self._buffer.raw[:count]
        return said

    def ask(self, data: bytes) -> bytes:
        self.feed(data)
        return self.hear()

    def events(self) -> str:
        self._library.er_host_events(self._buffer, ctypes.c_size_t(len(self._buffer)))
        return self._buffer.value.decode()

    def print_results(self, values: list[float]) -> str:
        self._library.er_print_results((ctypes.c_float * len(values))(*values), ctypes.c_size_t(len(values)))
        return self.hear().decode()

    def printf(self, form: bytes, value: object) -> str:
        self._library.th_printf(form, value)
        return self.hear().decode()

    def defer(self, yes: bool) -> None:
        self._library.er_host_defer(int(yes))

    def run_deferred(self) -> bytes:
        self._library.er_host_run_deferred()
        return self.hear()


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        mode: make(tmp_path_factory.mktemp(mode), "libdut_host.so", mode=mode) / "libdut_host.so"
        for mode in ("energy", "performance")
    }


def fresh(library: Path, folder: Path) -> Firmware:
    return Firmware(Path(shutil.copy(library, folder / f"{library.parent.name}.so")))


@pytest.fixture
def energy(libraries: dict[str, Path], tmp_path: Path) -> Firmware:
    firmware = fresh(libraries["energy"], tmp_path)
    firmware.boot()
    firmware.events()
    return firmware


@pytest.fixture
def performance(libraries: dict[str, Path], tmp_path: Path) -> Firmware:
    firmware = fresh(libraries["performance"], tmp_path)
    firmware.boot()
    firmware.events()
    return firmware


# --- boot ---------------------------------------------------------------------------------------------------


def test_boot_lines_of_an_energy_build(libraries: dict[str, Path], tmp_path: Path) -> None:
    firmware = fresh(libraries["energy"], tmp_path)
    assert firmware.boot() == b"m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n"
    assert firmware.events() == "v_^_"


def test_boot_lines_of_a_performance_build(libraries: dict[str, Path], tmp_path: Path) -> None:
    said = fresh(libraries["performance"], tmp_path).boot()
    assert re.fullmatch(rb"m-timestamp-mode-performance\r\nm-lap-us-\d{1,10}\r\nm-init-done\r\nm-ready\r\n", said)


def test_before_the_boot_nothing_answers(libraries: dict[str, Path], tmp_path: Path) -> None:
    assert fresh(libraries["energy"], tmp_path).ask(b"name%") == b""


def test_a_second_boot_forgets_the_stimulus(energy: Firmware) -> None:
    energy.ask(b"db load 4%db 01020304%na")
    energy.boot()
    assert energy.ask(b"db print%") == READY
    assert energy.ask(b"name%") == NAME + READY


# --- answers as the reference gives them --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"name%", NAME),
        (b" name%", NAME),
        (b"name %", NAME),
        (b"name extra%", NAME),
        (b"  name   a  b %", NAME),
        (b"profile%", PROFILE),
        (b"timestamp%", b""),
        (b"results%", b"m-results-[0.000,0.000,0.000]\r\n"),
        (b"db%", b"e-[Command 'db' requires a subcommand]\r\n"),
        (b"db load%", b"e-[Command 'db load' requires the # of bytes]\r\n"),
        (b"db load 0%", b"e-[Command 'db load' must be >0 bytes]\r\n"),
        (b"db load 20%", b"m-[Expecting 20 bytes]\r\n"),
        (b"db  load  +20%", b"m-[Expecting 20 bytes]\r\n"),
        (b"db load 27648%", b"m-[Expecting 27648 bytes]\r\n"),
        (b"db 0g%", b"e-[Invalid hex digit '0g']\r\n"),
        (b"db 123%", b"e-[Insufficent number of hex digits]\r\n"),
        (b"infer 0%", b"e-[Inference iterations must be >0]\r\n"),
        (b"infer -3%", b"e-[Inference iterations must be >0]\r\n"),
        (b"infer 2 -1%", b"e-[Inference warmup must be >=0]\r\n"),
        (b"infer 0 -1%", b"e-[Inference iterations must be >0]\r\n"),
        (b"bogus%", b"e-[Unknown command: bogus]\r\n"),
        (b"bogus of course%", b"e-[Unknown command: bogus]\r\n"),
        (b"NAME%", b"e-[Unknown command: NAME]\r\n"),
        (b"names%", b"e-[Unknown command: names]\r\n"),
        (b"nam%", b"e-[Unknown command: nam]\r\n"),
        (b"x" * 80 + b"%", b"e-[Unknown command: " + b"x" * 80 + b"]\r\n"),
    ],
)
def test_answers_of_the_reference_parser(energy: Firmware, sent: bytes, answer: bytes) -> None:
    assert energy.ask(sent) == answer + READY


# Each row: what is sent, what the reference does, what this firmware answers. The README holds the same list.
STRICTER = [
    (b"%", "crashes", b"e-[Empty command]\r\n"),
    (b"   %", "crashes", b"e-[Empty command]\r\n"),
    (b"db load abc%", "reads 0", b"e-[Not a whole number: abc]\r\n"),
    (b"db load 20x%", "reads 20", b"e-[Not a whole number: 20x]\r\n"),
    (b"db load -%", "reads 0", b"e-[Not a whole number: -]\r\n"),
    (b"db load 4294967297%", "reads 1", b"e-[Not a whole number: 4294967297]\r\n"),
    (b"db load 2147483648%", "undefined", b"e-[Not a whole number: 2147483648]\r\n"),
    (b"db load -1%", "keeps the size", b"e-[Command 'db load' must be >0 bytes]\r\n"),
    (b"db load 27649%", "keeps it", b"e-[Supplied buffer size 27649 exceeds maximum of 27648]\r\n"),
    (b"db 00ff%", "takes it", b"e-[Too many bytes: 2 came, 0 of 0 are still expected]\r\n"),
    (b"db 00 ff%", "loses the ff", b"e-[Hex digits must not be separated]\r\n"),
    (b"infer abc%", "reads 0", b"e-[Not a whole number: abc]\r\n"),
    (b"infer 2 xyz%", "no warm-up", b"e-[Not a whole number: xyz]\r\n"),
    (b"x" * 81 + b"%", "cuts it", b"e-[The command is too long]\r\n"),
    (b"db " + b"0" * 80 + b"%", "cuts it", b"e-[The command is too long]\r\n"),
    (b"name" + b" " * 9999 + b"%", "cuts it", b"e-[The command is too long]\r\n"),
    (b"\0name%", "crashes", b"e-[A NUL byte is in the command]\r\n"),
    (b"name\0s%", "name", b"e-[A NUL byte is in the command]\r\n"),
    (b"\r\nname%", "breaks the line", b"e-[Unknown command: \\x0d\\x0aname]\r\n"),
    (b"\r\nm-ready\r\n%", "a false m-ready", b"e-[Unknown command: \\x0d\\x0am-ready\\x0d\\x0a]\r\n"),
    (b"name\t%", "echoes it", b"e-[Unknown command: name\\x09]\r\n"),
    (b"\xff%", "echoes it", b"e-[Unknown command: \\xff]\r\n"),
    (b"db \r\n%", "breaks the line", b"e-[Invalid hex digit '\\x0d\\x0a']\r\n"),
]


@pytest.mark.parametrize(("sent", "reference", "answer"), STRICTER, ids=lambda value: repr(value)[:30])
def test_where_it_is_stricter_than_the_reference(
    energy: Firmware, sent: bytes, reference: str, answer: bytes
) -> None:
    assert energy.ask(sent) == answer + READY, f"the reference {reference}"
    assert energy.ask(b"name%") == NAME + READY  # nothing of it is left over


def test_help_has_twelve_lines(energy: Firmware) -> None:
    lines = energy.ask(b"help%").removesuffix(READY).split(b"\r\n")[:-1]
    assert lines[:2] == [b"ULPMark for tinyML Firmware V0.0.1", b""]
    assert [line.split()[0] for line in lines[2:6]] == [b"help", b"name", b"timestamp", b"db"]
    assert len(lines) == 12


def test_a_command_may_come_in_pieces_and_two_at_once(energy: Firmware) -> None:
    assert energy.ask(b"na") == b""
    assert energy.ask(b"me%") == NAME + READY
    assert energy.ask(b"name%profile%") == NAME + READY + PROFILE + READY


# --- stimuli ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 8, 10, 16, 490])
def test_what_is_loaded_is_printed_eight_bytes_a_line(energy: Firmware, size: int) -> None:
    stimulus = bytes((7 * at + 3) % 256 for at in range(size))
    energy.ask(f"db load {size}%".encode())
    for at in range(0, size, 38):
        answer = energy.ask(b"db " + stimulus[at : at + 38].hex().encode() + b"%")
        assert answer == (b"m-load-done\r\n" if at + 38 >= size else b"") + READY
    lines = [b"m-buffer-" + stimulus[at : at + 8].hex("-").encode() for at in range(0, size, 8)]
    lines += [b""] if size % 8 else []
    assert energy.ask(b"db print%") == b"\r\n".join([*lines, READY])
    assert energy.ask(b"db print 2 1%") == b"\r\n".join([*lines, READY])  # its arguments are ignored


def test_the_largest_stimulus_fits_to_its_last_byte_and_no_further(energy: Firmware) -> None:
    energy.ask(b"db load %d%%" % MAX_INPUT_BYTES)
    answers = [energy.ask(b"db " + b"Aa" * 36 + b"%") for _ in range(MAX_INPUT_BYTES // 36)]
    assert answers == [READY] * (len(answers) - 1) + [b"m-load-done\r\n" + READY]
    assert energy.ask(b"db 00%").startswith(b"e-[Too many bytes: 1 came, 0 of 27648")
    assert energy.ask(b"db print%").count(b"aa") == MAX_INPUT_BYTES


def test_a_refused_line_loads_nothing(energy: Firmware) -> None:
    energy.ask(b"db load 3%")
    assert energy.ask(b"db 010g%") == b"e-[Invalid hex digit '0g']\r\n" + READY
    assert energy.ask(b"db 01020304%").startswith(b"e-[Too many bytes: 4 came, 3 of 3")
    assert energy.ask(b"db 0102030%").startswith(b"e-[Insuff")
    assert energy.ask(b"db print%") == b"m-buffer-00-00-00\r\n\r\n" + READY
    assert energy.ask(b"db aAFf01%") == b"m-load-done\r\n" + READY
    assert energy.ask(b"db print%") == b"m-buffer-aa-ff-01\r\n\r\n" + READY


def test_a_refused_load_leaves_no_place_for_its_bytes(energy: Firmware) -> None:
    energy.ask(b"db load 4%")
    energy.ask(b"db load 30000%")
    assert energy.ask(b"db 01%").startswith(b"e-[Too many bytes")
    assert energy.ask(b"db print%") == READY


def test_nothing_of_an_earlier_stimulus_is_seen_in_a_later_one(energy: Firmware) -> None:
    energy.ask(b"db load 4%db 01020304%db load 4%")
    assert energy.ask(b"db print%") == b"m-buffer-00-00-00-00\r\n\r\n" + READY


def test_half_a_stimulus_is_not_inferred(energy: Firmware) -> None:
    energy.ask(b"db load 4%db 0102%")
    assert energy.ask(b"infer 1 0%") == b"e-[The stimulus is incomplete]\r\n" + READY
    assert energy.events() == ""


def test_a_stimulus_of_the_wrong_size_is_not_inferred(tmp_path: Path) -> None:
    make(tmp_path, "libdut_host.so", DEFINES="-DER_HOST_INPUT_SIZE=4")
    firmware = Firmware(tmp_path / "libdut_host.so")
    firmware.boot()
    firmware.ask(b"db load 3%db 010203%")
    refusal = b"e-[The stimulus has not the size of the model's input]\r\n"
    assert firmware.ask(b"infer 1 0%") == refusal + READY
    firmware.ask(b"db load 4%db 01020304%")
    assert b"m-infer-done" in firmware.ask(b"infer 1 0%")


# --- inference ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "warmups", "inferences", "events"),
    [
        (b"infer%", 10, 1, "L" + "i" * 10 + "v<i^_>v_^"),
        (b"infer 3%", 10, 3, "L" + "i" * 10 + "v<i^ii>v_^"),
        (b"infer 3 2%", 2, 3, "Lii" + "v<i^ii>v_^"),
        (b"infer 2 0 9%", 0, 2, "Lv<i^i>v_^"),
    ],
)
def test_between_the_two_edges_is_nothing_but_inference(
    energy: Firmware, sent: bytes, warmups: int, inferences: int, events: str
) -> None:
    assert energy.ask(sent) == (
        f"m-warmup-start-{warmups}\r\nm-warmup-done\r\nm-infer-start-{inferences}\r\nm-infer-done\r\n".encode()
        + b"m-results-[0.000,0.000,0.000]\r\n"
        + READY
    )
    assert energy.events() == events  # v fall, ^ rise, _ hold: `host.h`


def test_a_performance_build_prints_both_laps_after_the_window(performance: Firmware) -> None:
    answer = performance.ask(b"infer 3 1%")
    laps = re.fullmatch(
        rb"m-warmup-start-1\r\nm-warmup-done\r\nm-infer-start-3\r\nm-lap-us-(\d+)\r\nm-lap-us-(\d+)\r\n"
        rb"m-infer-done\r\nm-results-\[0.000,0.000,0.000\]\r\nm-ready\r\n",
        answer,
    )
    assert laps
    assert (int(laps[2]) - int(laps[1])) % 2**32 < 10_000_000
    assert performance.events() == "Liv<iii>v"


def test_timestamps_on_request(energy: Firmware, performance: Firmware) -> None:
    assert energy.ask(b"timestamp%") == READY
    assert energy.events() == "v_^_"
    assert re.fullmatch(rb"m-lap-us-\d{1,10}\r\nm-ready\r\n", performance.ask(b"timestamp%"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stimulus=st.binary(min_size=1, max_size=38))
def test_results_are_rounded_as_c_and_python_round_them(energy: Firmware, stimulus: bytes) -> None:
    energy.ask(f"db load {len(stimulus)}%db {stimulus.hex()}%".encode())
    total, alternating = sum(stimulus), sum(stimulus[::2]) - sum(stimulus[1::2])
    values = [f"{value / 256:.3f}" for value in (total, alternating, stimulus[-1])]
    line = f"m-results-[{','.join(values)}]\r\n".encode()
    assert energy.ask(b"infer 1 0%").endswith(line + READY)
    assert energy.ask(b"results%") == line + READY


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-2e6, 2e6, width=32) | st.sampled_from([0.0005, 0.0625, 0.9995, 1.0]), max_size=16)
)
def test_any_results_are_printed_with_three_decimals(energy: Firmware, values: list[float]) -> None:
    exact = [ctypes.c_float(value).value + 0.0 for value in values]  # + 0.0: no negative zero
    assert energy.print_results(values) == f"m-results-[{','.join(f'{value:.3f}' for value in exact)}]\r\n"


def test_results_that_are_no_numbers_cannot_be_taken_for_some(energy: Firmware) -> None:
    values = [float("nan"), float("inf"), float("-inf"), -3e38]
    assert energy.print_results(values) == "m-results-[nan,inf,-inf,-inf]\r\n"


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (b"%d", ctypes.c_int(-(2**31)), "-2147483648"),
        (b"%ld", ctypes.c_long(-(2**31)), "-2147483648"),
        (b"%05d", ctypes.c_int(-42), "-0042"),
        (b"%u", ctypes.c_uint(2**32 - 1), "4294967295"),
        (b"%lu", ctypes.c_ulong(0), "0"),
        (b"%x", ctypes.c_uint(0xBEEF), "beef"),
        (b"%02x", ctypes.c_uint(7), "07"),
        (b"%lx", ctypes.c_ulong(0xBEEF), "beef"),
        (b"<%s>", ctypes.c_char_p(b""), "<>"),
        (b"%c%%", ctypes.c_int(65), "A%"),
        (b"%f", ctypes.c_int(1), "%f"),
        (b"%", ctypes.c_int(1), "%"),
        (b"%l", ctypes.c_int(1), "%l"),
    ],
)
def test_formats(energy: Firmware, form: bytes, value: object, text: str) -> None:
    assert energy.printf(form, value) == text


# --- ports that receive in an interrupt ---------------------------------------------------------------------


def test_what_comes_while_a_command_waits_is_refused_and_every_end_answered(energy: Firmware) -> None:
    energy.defer(True)
    assert energy.ask(b"name%profile%bogus%na") == b""
    lost = b"e-[Bytes were lost: they came before m-ready]\r\n" + READY
    assert energy.run_deferred() == NAME + READY + lost + lost
    energy.feed(b"me%")
    assert energy.run_deferred() == lost
    energy.feed(b"name%")
    assert energy.run_deferred() == NAME + READY


# --- whatever comes -----------------------------------------------------------------------------------------

WORDS = st.sampled_from([*b"name profile db load print infer results timestamp 00ff 3 -1 %".split(), b" ", b"%"])
STREAM = st.lists(WORDS | st.binary(max_size=90), max_size=20).map(b"".join)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=STREAM.filter(lambda data: not re.search(rb"\d{5}", data)), cut=st.integers(0, 200))
def test_any_bytes_get_one_ready_for_every_end_of_command(energy: Firmware, data: bytes, cut: int) -> None:
    energy.boot()
    answer = energy.ask(data[:cut]) + energy.ask(data[cut:])
    assert answer.count(READY) == data.count(b"%")
    assert all(0x20 <= byte < 0x7F or byte in b"\r\n" for byte in answer)
    energy.ask(b"%")  # end a half command
    assert energy.ask(b"name%") == NAME + READY


@pytest.mark.parametrize("defines", ["", "-DMAX_DB_INPUT_SIZE=24"])
@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_a_hundred_thousand_random_commands_under_the_sanitizers(tmp_path: Path, mode: str, defines: str) -> None:
    make(tmp_path, "host_fuzz", mode=mode, DEFINES=defines)
    run = subprocess.run(
        [tmp_path / "host_fuzz", "7", "100000"], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("100000 commands, 100000 answers, ")


# --- what a port gets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_the_template_compiles(tmp_path: Path, mode: str) -> None:
    assert (make(tmp_path, "dut_template", mode=mode) / "dut_template").stat().st_size > 0


def test_the_core_needs_nothing_but_the_port_and_two_memory_functions(tmp_path: Path) -> None:
    make(tmp_path, "core.o")
    listing = subprocess.run(["nm", "-u", tmp_path / "core.o"], capture_output=True, text=True, check=True)
    wanted = set(listing.stdout.split()) - {"U"}
    assert {name for name in wanted if not name.startswith(("th_", "er_model_"))} <= {"memcpy", "memset"}
    assert {"th_timestamp", "th_printf", "th_getchar"} <= wanted


def test_the_core_includes_no_more_of_the_c_library_than_it_says() -> None:
    headers = {
        name
        for path in (FIRMWARE / "dut").glob("*.[ch]")
        for name in re.findall(r"#include <(.+)>", path.read_text(encoding="utf-8"))
    }
    assert headers <= {"stdint.h", "stddef.h", "stdbool.h", "string.h", "stdarg.h"}
