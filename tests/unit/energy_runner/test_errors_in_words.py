# SPDX-License-Identifier: Apache-2.0
"""Errors of the operating system in plain words, with advice that fits the reason."""

import errno
import os

import pytest

from energy_runner.analysis.phases.edge_file import read_edges
from energy_runner.errors import BenchFault, ConfigurationError, SessionError, in_words, remedy
from energy_runner.session.folder import write_json
from energy_runner.session.trace import TraceReader


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


def test_no_error_number_and_no_codec_is_shown(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nope.csv: cannot be read as CSV \(No such file or directory\)"):
        read_edges(tmp_path / "nope.csv")
    (tmp_path / "binary.csv").write_bytes(b"pin,\xff\x00")
    with pytest.raises(ConfigurationError, match=r"\(not text in UTF-8: byte 5 is 0xff\)"):
        read_edges(tmp_path / "binary.csv")
    with pytest.raises(SessionError, match=r"as a trace \(No such file or directory\)"):
        TraceReader(tmp_path / "trace.jls")
