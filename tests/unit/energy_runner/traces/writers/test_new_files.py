# SPDX-License-Identifier: Apache-2.0
"""A file is new and whole, or it is not there."""

import numpy as np
import pytest

from energy_runner.errors import BenchFault, SessionError
from energy_runner.session import new_file
from energy_runner.session.trace import TraceWriter
from energy_runner.traces.writers.model import ExportError, OutSignal
from energy_runner.traces.writers.table import FORMATS, format_of
from tests.support.outgoing import outgoing, written


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_overwritten(form: str, tmp_path) -> None:
    path = tmp_path / "mine"
    path.write_bytes(b"mine")
    with pytest.raises(ExportError, match="exists already"):
        written(outgoing(np.ones(10)), path, form)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ExportError, match="exists already"):
        written(outgoing(np.ones(10)), tmp_path / "link", form)
    assert path.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_appeared_meanwhile_is_kept(form: str, tmp_path) -> None:
    path = tmp_path / "t"

    def read(first: int, stop: int) -> np.ndarray:
        path.write_bytes(b"mine")
        return np.ones(stop - first, dtype=np.float32)

    signals = (OutSignal("power", "W", "recorded", read),)
    if form in ("sr", "vcd"):  # they read no samples
        return
    with pytest.raises(ExportError, match="exists by now"):
        written(outgoing(np.ones(10), signals=signals), path, form)
    assert path.read_bytes() == b"mine"
    assert [one.name for one in tmp_path.iterdir()] == ["t"]


@pytest.mark.parametrize("form", ["csv", "parquet", "jls", "perfetto"])
def test_samples_that_cannot_be_read_leave_no_file(form: str, tmp_path) -> None:
    def read(first: int, stop: int) -> np.ndarray:
        raise SessionError("samples 0..10 are damaged")

    signals = (OutSignal("power", "W", "recorded", read),)
    with pytest.raises(SessionError, match="damaged"):
        written(outgoing(np.ones(10), signals=signals), tmp_path / "t", form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_folder_that_is_not_there_is_said(form: str, tmp_path) -> None:
    with pytest.raises(BenchFault, match="cannot"):
        written(outgoing(np.ones(10)), tmp_path / "none" / "t", form)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_session_gives_the_same_bytes(form: str, tmp_path) -> None:
    if form == "jls":  # pyjls writes the time of day into its files
        return
    out = outgoing(np.arange(1000), edges=np.array([3.5, 900.25]), windows=((1, 3.5, 900.25),))
    written(out, tmp_path / "a", form)
    written(out, tmp_path / "b", form)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("form", [name for name, one in FORMATS.items() if one.samples])
def test_a_session_without_samples_is_refused(form: str, tmp_path) -> None:
    with pytest.raises(SessionError, match="holds no sample"):
        written(outgoing(np.zeros(0)), tmp_path / "t", form)


def test_the_suffix_tells_the_format_and_a_name_goes_before_it(tmp_path) -> None:
    for name, form in FORMATS.items():
        assert format_of(tmp_path / f"a{form.suffix}") is form
        assert format_of(tmp_path / "a.csv", name) is form
    assert format_of(tmp_path / "a.CSV").name == "csv"
    with pytest.raises(ExportError, match="does not tell a format"):
        format_of(tmp_path / "a.txt")
    with pytest.raises(ExportError, match="one of csv, parquet, jls, sr, vcd, perfetto"):
        format_of(tmp_path / "a.csv", "xlsx\n")


def test_numbers_of_rows_that_are_none_are_refused(tmp_path) -> None:
    for form, options, said in (
        ("csv", {"every": 0}, "was 0"),
        ("csv", {"most_rows": -1}, "was -1"),
        ("csv", {"every": 2, "most_rows": 3}, "both"),
        ("jls", {"every": 2}, "is for csv"),
    ):
        with pytest.raises(ExportError, match=said):
            written(outgoing(np.ones(10)), tmp_path / "t", form, **options)
    assert list(tmp_path.iterdir()) == []


def test_without_hard_links_a_file_is_renamed(tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(new_file.os, "link", refuse)
    written(outgoing(np.ones(10)), tmp_path / "t", "vcd")
    assert [one.name for one in tmp_path.iterdir()] == ["t"]


def test_a_format_that_the_name_contradicts_is_said(tmp_path) -> None:
    told = written(outgoing(np.ones(10)), tmp_path / "t.jls", "csv")
    assert "t.jls is csv, as was asked, though its name says jls" in told.remarks
    for name in ("t.csv", "t", "t.txt"):
        assert not any(
            "its name says" in one for one in written(outgoing(np.ones(10)), tmp_path / name, "csv").remarks
        )


@pytest.mark.parametrize("name", ["a" * 255, "\N{GRINNING FACE}" * 63])
def test_the_longest_names_are_taken(name: str, tmp_path) -> None:
    written(outgoing(np.ones(10)), tmp_path / name, "vcd")
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("a" * 300, BenchFault, "too long"),
        ("a\0b", ExportError, "cannot be the name of a file"),
        ("none/t", BenchFault, "none does not exist. Try: make the folder first"),
        ("file/t", BenchFault, "file is no folder"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(name, kind, said, tmp_path) -> None:
    (tmp_path / "file").write_bytes(b"")

    def read(first: int, stop: int) -> np.ndarray:
        raise AssertionError("nothing is to be read")

    signals = (OutSignal("power", "W", "recorded", read),)
    with pytest.raises(kind, match=said):
        written(outgoing(np.ones(10), signals=signals), tmp_path / name, "csv")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["result.json", "report.html", "stream.bin", "thinned.json", ".claim"])
def test_a_name_that_a_session_needs_is_not_taken(name: str, tmp_path) -> None:
    written(outgoing(np.ones(10)), tmp_path / name, "csv")  # no session is here
    (tmp_path / name).unlink()
    (tmp_path / "record.json").write_bytes(b"{}")
    with pytest.raises(ExportError, match="is a file that the session in this folder has, or will have"):
        written(outgoing(np.ones(10)), tmp_path / name, "csv")
    written(outgoing(np.ones(10)), tmp_path / "mine.csv", "csv")


def test_a_fault_of_a_library_names_the_file_that_was_asked_for(tmp_path, monkeypatch) -> None:
    def fail(self: object, error: Exception) -> BenchFault:
        return BenchFault(f"{self._path}: cannot write the trace")

    monkeypatch.setattr(TraceWriter, "_fault", fail)
    monkeypatch.setattr(TraceWriter, "flush", lambda self: None)
    monkeypatch.setattr(TraceWriter, "_write", lambda *_: (_ for _ in ()).throw(RuntimeError("full")))
    with pytest.raises(BenchFault, match=r"/t\.jls: cannot write the trace$"):
        written(outgoing(np.ones(10)), tmp_path / "t.jls", "jls")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_disk_that_refuses_at_the_end_leaves_no_file(form: str, tmp_path, monkeypatch) -> None:
    def refuse(path: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(new_file.disk, "sync_path", refuse)
    with pytest.raises(BenchFault, match="No space left on device"):
        written(outgoing(np.ones(10)), tmp_path / "t", form)
    assert list(tmp_path.iterdir()) == []
