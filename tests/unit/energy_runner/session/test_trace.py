# SPDX-License-Identifier: Apache-2.0
"""The trace: read back as written, gaps as NaN, readable after the writer was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyjls
import pytest

from energy_runner.errors import BenchFault, SessionError
from energy_runner.session.trace import TraceReader, TraceWriter
from tests.support.places import ROOT

SIGNALS = [("current", "A"), ("voltage", "V")]


def ramp(start: int, stop: int) -> np.ndarray:
    return np.arange(start, stop, dtype=np.float32)


@pytest.mark.parametrize("period_s", [1.0, 0.05, 1e-3, 204.8e-6, 1e-6])
def test_samples_come_back_as_they_were(tmp_path: Path, period_s: float) -> None:
    with TraceWriter(tmp_path / "t.jls", SIGNALS, period_s) as writer:
        at = 0
        for count in (1, 7, 1000, 9, 30_000):
            block = ramp(at, at + count)
            writer.append(at, [block, block + 0.5])
            block[:] = -1  # what is appended belongs to the trace
            at += count
        assert writer.length == at
    with TraceReader(tmp_path / "t.jls") as reader:
        assert reader.length == at
        assert reader.signals == SIGNALS
        assert reader.period_s == period_s  # not the whole number of hertz that the format knows
        assert np.array_equal(reader.read("current", 0, at), ramp(0, at))
        assert np.array_equal(reader.read("voltage", 5, 1234), ramp(5, 1234) + 0.5)
        assert len(reader.read("voltage", 3, 3)) == 0


def test_a_jump_forward_is_missing_samples(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with TraceWriter(tmp_path / "t.jls", [("energy", "J")], 1e-3) as writer:
        writer.append(3, [ramp(3, 10)])
        writer.append(200_000, [ramp(200_000, 200_005)])
    with TraceReader(tmp_path / "t.jls") as reader:
        samples = reader.read("energy", 0, reader.length)
    assert len(samples) == 200_005
    assert np.array_equal(np.flatnonzero(np.isfinite(samples)), [*range(3, 10), *range(200_000, 200_005)])
    assert samples[-1] == 200_004
    assert capfd.readouterr().err == ""  # a gap of ours is nothing to warn of


def test_going_back_is_refused(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t.jls", [("energy", "J")], 1e-3) as writer:
        writer.append(0, [ramp(0, 10)])
        with pytest.raises(BenchFault, match="samples from 9 on, but 10 are written already"):
            writer.append(9, [ramp(0, 5)])
        writer.append(10, [ramp(10, 11)])
        assert writer.length == 11


def test_an_absurd_jump_does_not_fill_the_disk(tmp_path: Path) -> None:
    fault = pytest.raises(BenchFault, match="the samples jump from 0 to 1000000000000")
    with TraceWriter(tmp_path / "t.jls", [("energy", "J")], 1e-3) as writer, fault:
        writer.append(10**12, [ramp(0, 5)])


def test_arrays_that_do_not_match_are_refused(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t.jls", SIGNALS, 1e-3) as writer:
        with pytest.raises(ValueError, match="2 arrays of equal length"):
            writer.append(0, [ramp(0, 5)])
        with pytest.raises(ValueError, match="2 arrays of equal length"):
            writer.append(0, [ramp(0, 5), ramp(0, 4)])


def test_edges_are_marked_and_time_is_told(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t.jls", SIGNALS, 1e-3) as writer:
        writer.append(0, [ramp(0, 3000)] * 2)
        writer.edge(12.75, "start 1")
        writer.edge(2000.0, "stop 1")
        writer.utc(0, 1_735_689_600_000_000_000)
        writer.utc(2000, 1_735_689_602_000_000_000)
    with TraceReader(tmp_path / "t.jls") as reader:
        assert reader.edges() == [(12, "start 1"), (2000, "stop 1")]
    with pyjls.Reader(str(tmp_path / "t.jls")) as file:
        ticks = file.sample_id_to_timestamp(2, 1000)
    seconds_since_2018 = 1_735_689_601 - 1_514_764_800
    assert ticks / 2**30 == pytest.approx(seconds_since_2018, abs=1e-6)


def test_an_envelope_loses_no_spike(tmp_path: Path) -> None:
    samples = np.ones(500_000, dtype=np.float32)
    samples[[77_777, 333_333]] = [9.0, -5.0]
    with TraceWriter(tmp_path / "t.jls", [("energy", "J")], 1e-5) as writer:
        writer.append(0, [samples])
    with TraceReader(tmp_path / "t.jls") as reader:
        drawn = reader.envelope("energy", 0, 500_000, 100)
        one = reader.envelope("energy", 77_770, 77_780, 100)
    assert drawn.shape == (100, 3)
    assert (drawn[15, 2], drawn[66, 1]) == (9.0, -5.0)
    assert (np.max(drawn[:, 2]), np.min(drawn[:, 1])) == (9.0, -5.0)
    assert np.array_equal(one[:, 0], samples[77_770:77_780])


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t.jls", SIGNALS, 1e-3) as writer:
        writer.append(0, [ramp(0, 100)] * 2)
    with TraceReader(tmp_path / "t.jls") as reader:
        for start, stop in [(0, 101), (-1, 5), (6, 5)]:
            with pytest.raises(SessionError, match="of 100 do not exist"):
                reader.read("current", start, stop)
        with pytest.raises(SessionError, match="no signal 'power', only current, voltage"):
            reader.read("power", 0, 1)
        with pytest.raises(SessionError, match="cannot be drawn"):
            reader.envelope("current", 0, 0, 10)


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 5000, b"jlsfmt\r\n \n \x1a  \xb2\x1c" + bytes(200)])
def test_a_file_that_is_no_trace_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.jls").write_bytes(data)
    with pytest.raises(SessionError, match="cannot be read as a trace"):
        TraceReader(tmp_path / "t.jls")
    assert (tmp_path / "t.jls").read_bytes() == data


def test_a_trace_of_another_program_is_refused(tmp_path: Path) -> None:
    with pyjls.Writer(str(tmp_path / "t.jls")) as writer:
        writer.source_def(source_id=1, name="a meter")
        writer.signal_def(signal_id=1, source_id=1, sample_rate=1000, name="energy", units="J")
        writer.fsr(1, 0, ramp(0, 100))
    with pytest.raises(SessionError, match="does not say its sample period"):
        TraceReader(tmp_path / "t.jls")


@pytest.mark.parametrize("cut", [0.999, 0.7, 0.3])
def test_a_damaged_trace_is_readable_or_refused(tmp_path: Path, cut: float) -> None:
    with TraceWriter(tmp_path / "t.jls", SIGNALS, 1e-3) as writer:
        writer.append(0, [ramp(0, 20_000)] * 2)
    data = (tmp_path / "t.jls").read_bytes()
    (tmp_path / "t.jls").write_bytes(data[: int(cut * len(data))])
    try:
        with TraceReader(tmp_path / "t.jls") as reader:
            assert np.array_equal(reader.read("current", 0, reader.length), ramp(0, reader.length))
    except SessionError:
        pass


def test_a_trace_that_cannot_be_written_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchFault, match="cannot write the trace"):
        TraceWriter(tmp_path / "absent" / "t.jls", SIGNALS, 1e-3)
    writer = TraceWriter(tmp_path / "t.jls", SIGNALS, 1e-3)
    writer.close()
    writer.close()
    for late in (lambda: writer.append(0, [ramp(0, 1)] * 2), lambda: writer.edge(0, ""), writer.flush):
        with pytest.raises(BenchFault, match="cannot write the trace"):
            late()


ENDLESS_WRITER = """
import sys
from pathlib import Path
import numpy as np
from energy_runner.session.trace import TraceWriter

writer = TraceWriter(Path(sys.argv[1]), [("current", "A"), ("voltage", "V")], 1e-3)
at = 0
while True:
    block = np.arange(at, at + 50, dtype=np.float32)
    writer.append(at, [block, block + 0.5])
    at += 50
    if at % 1000 == 0:
        writer.edge(at - 0.5, str(at))
        writer.flush()
    print(at, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system knows no SIGKILL")
@pytest.mark.parametrize("enough", [12_350])
def test_a_killed_writer_loses_the_last_blocks_only(tmp_path: Path, enough: int) -> None:
    path = tmp_path / "t.jls"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS_WRITER, str(path)], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= enough:
                break
        process.send_signal(signal.SIGKILL)
        written = [int(line) for line in process.stdout if line.endswith(b"\n")]
    last = max([enough, *written])
    left = path.read_bytes()
    for _ in range(2):  # reading repairs nothing, so it works again and again
        with TraceReader(path) as reader:
            assert last - 1100 <= reader.length  # flushed every 1000, in blocks of 128 or 256
            assert np.array_equal(reader.read("current", 0, reader.length), ramp(0, reader.length))
            assert np.array_equal(reader.read("voltage", 0, reader.length), ramp(0, reader.length) + 0.5)
            assert reader.period_s == 1e-3
            assert reader.edges()[:2] == [(999, "1000"), (1999, "2000")]
    assert path.read_bytes() == left
