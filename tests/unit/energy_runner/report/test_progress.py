# SPDX-License-Identifier: Apache-2.0
"""The progress bar: it shows phases and time left, and a broken terminal never reaches the run."""

import io
import sys
from types import SimpleNamespace

import pytest

from energy_runner.report.progress import ProgressBar
from energy_runner.session.events import Phase, Remark


def phase(name, detail=""):
    return Phase(t_ns=0, name=name, detail=detail)


class Terminal(io.StringIO):
    """A stream that says it is a terminal; it counts its writes and fails from number `broken_from` on."""

    def __init__(self, broken_from=10**9, error=None, terminal=True):
        super().__init__()
        self.writes, self._broken_from, self._terminal = 0, broken_from, terminal
        self._error = error or BrokenPipeError("gone")

    def isatty(self):
        return self._terminal

    def write(self, text):
        self.writes += 1
        if self.writes >= self._broken_from:
            raise self._error
        return super().write(text)


def a_run(bar):
    with bar:
        bar.event(phase("open"))
        for k in range(20):
            bar.event(phase("measure", f"window {k // 4 + 1} of 5"))
            bar.progress(k, 20.0 if k > 3 else k, f"measure window {k // 4 + 1} of 5")


def test_without_a_terminal_each_phase_is_one_line_once():
    stream = Terminal(terminal=False)
    a_run(ProgressBar(stream))
    expected = ["open", *(f"measure window {k} of 5" for k in range(1, 6))]
    assert stream.getvalue().splitlines() == expected


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_said_about_the_supply_is_shown_at_once(terminal):
    stream = Terminal(terminal=terminal)
    with ProgressBar(stream) as bar:
        bar.event(Remark(t_ns=0, box="supply", text="it did not answer [red]; trying again, 29 s left"))
        bar.event(Remark(t_ns=0, box="monitor", text="something else"))
        assert "it did not answer [red]; trying again, 29 s left" in " ".join(stream.getvalue().split())
    assert "something else" not in stream.getvalue()


def test_on_a_terminal_the_bar_shows_the_phase_and_is_gone_at_the_end():
    stream = Terminal()
    with ProgressBar(stream) as bar:
        bar.event(phase("measure", "window 2 of 5"))
        assert "measure window 2 of 5" in stream.getvalue()
    last = stream.getvalue().rpartition("measure")[2]
    assert "\x1b[2K" in last  # the line is erased


def test_percent_is_shown_only_when_the_total_is_known(monkeypatch):
    monkeypatch.setattr("energy_runner.report.progress.REFRESH_S", 0.0)
    stream = Terminal()
    with ProgressBar(stream) as bar:
        bar.progress(3.0, 3.0, "trial")
        assert "%" not in stream.getvalue()
        bar.progress(30.0, 60.0, "measure")
        assert "50%" in stream.getvalue()


def test_updates_are_throttled():
    stream = Terminal()
    with ProgressBar(stream) as bar:
        before = stream.writes
        for k in range(3000):
            bar.progress(k, 10_000, "measure")
        assert stream.writes - before < 1500


def test_only_phases_matter():
    stream = Terminal(terminal=False)
    with ProgressBar(stream) as bar:
        bar.event(Remark(t_ns=0, box="dut", text="hello"))
        bar.event(SimpleNamespace())
    assert stream.getvalue() == ""


@pytest.mark.deep
@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    "error", [BrokenPipeError("gone"), OSError(5, "Input/output error"), ValueError("closed")]
)
def test_a_terminal_that_goes_away_at_any_write_harms_nothing(monkeypatch, terminal, error):
    monkeypatch.setattr("energy_runner.report.progress.REFRESH_S", 0.0)
    whole = Terminal(terminal=terminal)
    a_run(ProgressBar(whole))
    assert whole.writes > 3
    for broken_from in range(1, whole.writes + 1):
        stream = Terminal(broken_from, error, terminal)
        a_run(ProgressBar(stream))
        assert stream.writes >= broken_from


def test_no_stream_at_all_and_a_closed_one_are_survived(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    a_run(ProgressBar())
    closed = io.StringIO()
    closed.close()
    a_run(ProgressBar(closed))


def test_hostile_phase_text_does_not_act_on_the_terminal():
    stream = Terminal(terminal=False)
    with ProgressBar(stream) as bar:
        bar.event(phase("load", "\x1b[2Jevil\r\n[red].bin"))
    assert stream.getvalue() == "load \\x1b[2Jevil\\r\\n[red].bin\n"


def test_an_encoding_without_the_signs_is_no_problem():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    with ProgressBar(stream) as bar:
        bar.event(phase("load", "m\u00fcll \u6e2c.bin"))
        bar.event(phase("measure"))
    assert stream.buffer.getvalue().splitlines() == [b"load m\\xfcll \\u6e2c.bin", b"measure"]
