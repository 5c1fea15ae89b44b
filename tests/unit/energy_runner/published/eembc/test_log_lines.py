# SPDX-License-Identifier: Apache-2.0
"""Single lines of a log of the EEMBC runner: which fact each tells, and which lines tell none."""

import pytest

from energy_runner.published.eembc.log import EembcLog, read_log

SENT = b'00010.000 parser: Command "dut infer 5 1"'


def read(*lines: bytes) -> EembcLog:
    return read_log(lines)


def test_the_session_is_stamped_by_its_start_and_ended_by_its_stop() -> None:
    begun = read(b"00001.000 session: m-session-start-id[20240102030405]", b"00002.000 session: other")
    assert (begun.stamp, begun.ended_ms) == ("20240102030405", None)
    stopped = read(b"00003.000 session: m-session-stop-id[20240102030405]")
    assert (stopped.stamp, stopped.ended_ms) == ("", 3000)


def test_the_runner_tells_its_version_its_plug_in_and_its_settings() -> None:
    log = read(
        b"00001.000 parser: m-version[3.0.10]",
        b"00001.000 parser: m-bmark-run-name[ML Energy 1.0.1]-code[ulp-ml]",
        b"00001.000 parser: m-bm-cfg-name[ulp-ml]-key[runMode]-val[multi]",
    )
    assert (log.version, log.plugin, log.settings) == ("3.0.10", "ulp-ml", {"runMode": "multi"})


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        ([b"File size is 100, loading..."], 100),
        ([b"Sending 50 bytes"], 50),
        ([b"File size is 100, loading...", b"Sending 50 bytes"], 50),
        ([b"Sending 50 bytes", b"File size is 100, loading..."], 50),
        ([], None),
    ],
)
def test_a_stimulus_has_the_size_that_was_sent_or_else_that_of_its_file(
    lines: list[bytes], size: int | None
) -> None:
    load = b'00001.000 parser: Command "bload dut "/d/a.bin""'
    log = read(load, *(b"00002.000 parser: " + line for line in lines), SENT)
    assert log.commands[0].size == size
    after = read(
        load, b"00002.000 parser: Sending 50 bytes", b'00003.000 parser: Command "bload dut "/d/b.bin""', SENT
    )
    assert (after.commands[0].file, after.commands[0].size) == ("b.bin", None)


@pytest.mark.parametrize(
    ("line", "loaded_ms"),
    [(b"m-bload-done", 2000), (b"m-bloadp-done", 2000), (b"m-bload-busy", None), (b"m-umount-done", None)],
)
def test_a_stimulus_is_loaded_once_the_runner_says_so(line: bytes, loaded_ms: int | None) -> None:
    load = b'00001.000 parser: Command "bload dut "/d/a.bin""'
    (command,) = read(load, b"00002.000 parser: " + line, SENT).commands
    assert (command.load_begun_ms, command.loaded_ms) == (1000, loaded_ms)


def test_without_a_stimulus_a_command_has_no_file_and_begins_at_byte_0() -> None:
    (command,) = read(SENT).commands
    assert (command.file, command.offset, command.size, command.load_begun_ms) == ("", 0, None, None)


@pytest.mark.parametrize(
    ("time", "ms"), [(b"00000.007", 7), (b"1000000000.000", 10**12), (b"1000000000.001", None)]
)
def test_a_line_of_an_absurd_time_is_damaged(time: bytes, ms: int | None) -> None:
    log = read(time + b" session: m-session-stop-id[1]")
    assert (log.ended_ms, log.last_ms, log.damaged) == (ms, ms, int(ms is None))


# --- lines of no use ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "damaged"),
    [(b"pnp", 0), (b"session", 0), (b"parser", 0), (b"sequencer", 0), (b"emon", 0), (b"ulp-ml", 0), (b"pmp", 1)],
)
def test_a_source_that_the_runner_does_not_have_is_a_damaged_line(source: bytes, damaged: int) -> None:
    log = read(b"00001.000 " + source + b": any words")
    assert (log.prefixed, log.damaged) == (1, damaged)


@pytest.mark.parametrize(("line", "damaged"), [(b"plain words", 0), (b"\xff\x00", 1), (b"", 0)])
@pytest.mark.parametrize("source", [b"parser", b"dut"])
def test_a_line_without_a_prefix_is_damaged_if_it_cannot_be_printed(
    source: bytes, line: bytes, damaged: int
) -> None:
    assert read(b"00001.000 " + source + b": words", line).damaged == damaged
    assert read(line).damaged == damaged


# --- the DUT's start and its answers --------------------------------------------------------------------


def test_the_start_of_the_dut_lasts_from_its_power_to_its_first_ready() -> None:
    log = read(
        b"00000.500 io: [dut]: m-ready",
        b'00001.000 parser: Command "emon power on"',
        b"00001.100 io: [dut]: m-timestamp-mode-energy [dut]: again",
        b"00001.200 io: [dut]: m-init-done",
        b"00001.300 dut: m-ready",
        b"00001.400 dut: m-profile-[made-up]",
        b"00001.500 dut: m-ready",
    )
    assert log.boot_lines == ["m-timestamp-mode-energy [dut]: again", "m-init-done", "m-ready"]
    assert log.boot_ms == 1300
    assert (log.timestamp_mode, log.profile) == ("energy", "made-up")


def test_without_power_switched_on_there_is_no_start() -> None:
    log = read(b"00001.300 dut: m-ready")
    assert (log.boot_lines, log.boot_ms) == ([], None)


@pytest.mark.parametrize(
    ("done", "garbled"),
    [
        (b"m-infer-done", False),
        (b"m-infer-done m-ready", False),
        (b"m-infer-done m-results-[0.5]", False),
        (b"m-infer-donerGI[0.5]", True),
        (b"[x] m-infer-done", False),
    ],
)
def test_outputs_without_their_name_after_the_end_of_the_inferences_are_garbled(
    done: bytes, garbled: bool
) -> None:
    lines = [SENT, b"00010.100 dut: m-infer-start-5", b"00011.000 dut: " + done]
    assert read(*lines).commands[0].garbled is garbled


def test_what_a_log_repeats_without_end_takes_no_memory() -> None:
    """The last switch of the supply stays, which says whether it is off."""
    switches = b"".join(b"m-power[on] m-power[off] " for _ in range(300))
    files = b"".join(b"m-regfile-fn[%d]-type[e]-name[js110] " % number for number in range(300))
    settings = [b"00002.000 parser: m-bm-cfg-name[x]-key[k%d]-val[1]" % number for number in range(300)]
    log = read_log([b"00001.000 emon: m-power[on]", b"00002.000 emon: " + switches + files, *settings])
    assert len(log.power) == len(log.registered) == len(log.settings) == 200
    assert log.power[0] == (1000, True)
    assert log.power[-1] == (2000, False)
