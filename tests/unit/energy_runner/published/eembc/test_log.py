# SPDX-License-Identifier: Apache-2.0
"""Logs of the EEMBC runner: tokens anywhere in a line, damaged lines, any bytes at all."""

from hypothesis import given
from hypothesis import strategies as st

from energy_runner.published.eembc.log import EembcLog, read_log

SENT = b'00010.000 parser: Command "dut infer 120 1"'
RUN = [
    b'00009.000 parser: Command "bload dut "C:\\a b\\kws01\\tst_000000_Stop_7.bin""',
    b"00009.100 parser: Sending 490 bytes",
    SENT,
    b"00010.100 dut: m-infer-start-120",
    b"00010.101 dut: m-lap-us-1000",
    b"00022.101 dut: m-lap-us-12001000",
    b"00022.102 dut: m-infer-done",
    b"00022.105 dut: m-results-[0.000,0.996]",
    b"00022.106 dut: m-ready",
    b"00022.107 session: m-session-stop-id[20240102030405]",
]


def read(*lines: bytes) -> EembcLog:
    return read_log(lines)


def test_a_command_has_its_file_its_times_its_laps_and_its_outputs() -> None:
    (command,) = read(*RUN).commands
    assert (command.file, command.offset, command.size) == ("tst_000000_Stop_7.bin", 0, 490)
    assert (command.inferences, command.warmups, command.announced) == (120, 1, 120)
    assert (command.sent_ms, command.start_ms, command.done_ms, command.end_ms) == (10_000, 10_100, 22_102, 22_106)
    assert command.laps_us == [1000, 12_001_000]
    assert command.results == [0.0, 0.996]


def test_seconds_may_have_more_than_five_digits() -> None:
    assert read(b"179340.793 session: m-session-stop-id[1]").ended_ms == 179_340_793


def test_an_offset_and_a_length_select_a_window_of_the_file() -> None:
    lines = [b'00001.000 parser: Command "bloadp "/d/normal_id_01.bin" 512 2560"']
    log = read(
        *lines, b"00001.001 parser: File size is 102400, loading...", b"00001.002 parser: Sending 2560 bytes", SENT
    )
    assert (log.commands[0].offset, log.commands[0].size) == (512, 2560)


def test_echoed_commands_and_colours_do_not_hide_tokens() -> None:
    log = read(
        b"00001.000 dut: profile%m-profile-[some firmware]",
        b"00001.000 dut: \x1b[32mm-model-[kws01]\x1b[0m",
        SENT,
        b"00010.100 dut: infer 120 1%m-infer-start-120",
        b"00022.105 dut: Type errorm-results-[0.5,0.5,]",
    )
    assert (log.profile, log.model) == ("some firmware", "kws01")
    assert log.commands[0].start_ms == 10_100
    assert log.commands[0].results == [0.5, 0.5]


def test_a_message_with_a_line_end_goes_on_in_a_line_without_prefix() -> None:
    log = read(SENT, b"00010.100 io: [dut]: th_load_tensor", b"m-infer-start-120", b"\xff\x00garbage")
    assert log.commands[0].start_ms == 10_100
    assert log.damaged == 1


def test_results_that_lost_their_name_are_garbled_not_guessed() -> None:
    log = read(
        SENT,
        b"00010.1 x",
        b"00010.100 io: [dut]: m-infer-start-120",
        b"00022.1 x",
        b"00022.100 io: [dut]: m-infer-donerGI[0.000,0.999]",
    )
    (command,) = log.commands
    assert command.done_ms == 22_100
    assert command.results == []
    assert command.garbled


def test_a_damaged_number_makes_the_outputs_unusable() -> None:
    (command,) = read(SENT, b"00010.100 dut: m-infer-start-120", b"00022.100 dut: m-results-[0.1,0.x]").commands
    assert command.results == []
    assert command.garbled


def test_the_ack_of_a_sequencer_line_is_no_answer() -> None:
    text = b"m-sequencing-i[6]-command[dut infer 120 1]-ack[/dut.?: m-infer-done m-ready/]-ms[-1]"
    log = read(SENT, b"00010.000 sequencer: " + text)
    assert log.commands[0].done_ms is None
    assert log.commands[0].end_ms is None


def test_an_inference_whose_command_is_lost_is_still_one() -> None:
    log = read(b"00010.100 dut: m-infer-start-50", b"00012.000 dut: m-infer-done")
    assert [(c.inferences, c.start_ms, c.done_ms) for c in log.commands] == [(50, 10_100, 12_000)]


def test_laps_of_dut_io_manager_and_monitor_are_kept_apart() -> None:
    log = read(
        b"00001.000 dut: m-lap-us-1",
        b"00001.001 io: m-lap-us-2",
        b"00001.002 emon: m-lap-us-3",
        b"00001.003 io: [dut]: m-lap-us-4",
    )
    assert log.dut_marks == [1, 4]
    assert log.io_laps == [(1001, 2)]
    assert log.monitor_laps == [(1002, 3)]


def test_the_monitor_its_files_and_its_drops_are_read() -> None:
    log = read(
        b"00001.000 emon: m-trace[on]",
        b"00002.000 emon: m-regfile-fn[trace1-energy.bin]-type[emon]-name[js110]",
        b"00002.000 emon: m-[Dropped 3 packets out of 1283584, 0%]",
        b"00002.000 emon: m-trace[off]",
        b"00002.100 emon: m-voltage-mv[4950]",
    )
    assert (log.trace_on_ms, log.trace_off_ms, log.voltage_mv) == (1000, 2000, 4950)
    assert (log.instrument, log.registered, log.dropped) == ("js110", ["trace1-energy.bin"], (3, 1283584))


def test_a_log_without_its_end_has_none() -> None:
    assert read(*RUN[:-1]).ended_ms is None


@given(st.lists(st.binary(max_size=80), max_size=30))
def test_any_lines_give_a_log(lines: list[bytes]) -> None:
    log = read_log(lines)
    assert log.lines == len(lines)


@given(st.data())
def test_a_log_damaged_anywhere_gives_a_log_with_no_more_commands(data: st.DataObject) -> None:
    text = b"\n".join(RUN)
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.binary(max_size=6)) + text[at + data.draw(st.integers(0, 40)) :]
    log = read_log(damaged.split(b"\n"))
    assert len(log.commands) <= 2  # the command's own line and that of its start


@given(st.integers(0, len(b"\n".join(RUN))))
def test_a_log_cut_anywhere_tells_what_it_had_told_before(at: int) -> None:
    text = b"\n".join(RUN)
    cut = read_log(text[:at].split(b"\n"))
    if at > text.index(b"120 1") + 6:
        assert cut.commands[0].file == "tst_000000_Stop_7.bin"
    assert (cut.ended_ms is not None) == (at == len(text))
