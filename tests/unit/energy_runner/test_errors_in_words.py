# SPDX-License-Identifier: Apache-2.0
"""Errors of the operating system in plain words, with advice that fits the reason."""

import errno
import os
from pathlib import Path

import pytest

from energy_runner.analysis.phases.edge_file import read_edges
from energy_runner.errors import BenchFault, ConfigurationError, SessionError, in_words, remedy
from energy_runner.session.folder import write_json
from energy_runner.session.journal import JournalWriter
from energy_runner.session.stream import Passed, StreamWriter
from energy_runner.session.trace import TraceReader, TraceWriter


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free disk space"),
        (errno.EACCES, "permissions"),
        (errno.EROFS, "a disk that can be written"),
        (errno.ENOENT, ""),
    ],
)
def test_the_advice_fits_the_reason(number, advice, tmp_path, monkeypatch):
    error = OSError(number, os.strerror(number), "x")
    assert in_words(error) == os.strerror(number)
    assert advice in remedy(error)
    assert bool(remedy(error)) == bool(advice)

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(BenchFault) as raised:
        write_json(tmp_path / "result.json", {})
    assert str(raised.value).endswith(f"({os.strerror(number)}){remedy(error)}")


def _first_frame(path: Path) -> None:
    StreamWriter(path).append(Passed(0, "dut", "tx", b"x"))


@pytest.mark.parametrize("writer", [JournalWriter, _first_frame], ids=["journal", "stream"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.ENOENT])
def test_a_sink_of_a_run_gives_the_advice_that_fits(number, writer, tmp_path, monkeypatch):
    error = OSError(number, os.strerror(number), "x")

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(BenchFault) as raised:
        writer(tmp_path / "file")
    assert str(raised.value).endswith(f"({os.strerror(number)}){remedy(error)}")


def test_a_trace_whose_reason_is_unknown_names_what_to_check(tmp_path):
    with pytest.raises(BenchFault, match=r"cannot write the trace .* check the free disk space and the folder's"):
        TraceWriter(tmp_path / "no-such-folder" / "trace.jls", [("current", "A")], 1e-3)


def test_no_error_number_and_no_codec_is_shown(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nope.csv: cannot be read as CSV \(No such file or directory\)"):
        read_edges(tmp_path / "nope.csv")
    (tmp_path / "binary.csv").write_bytes(b"pin,\xff\x00")
    with pytest.raises(ConfigurationError, match=r"\(line 1: not text in UTF-8: byte 5 is 0xff\. Try: "):
        read_edges(tmp_path / "binary.csv")
    with pytest.raises(SessionError, match=r"as a trace \(No such file or directory\)"):
        TraceReader(tmp_path / "trace.jls")
