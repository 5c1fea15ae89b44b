"""Hostile files: bounded reading, links, pipes, absurd traces, deep JSON; and where sessions are found."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import SessionError
from energy_runner.published.discover import discover
from energy_runner.published.eembc.trace import read_timestamps, read_trace
from energy_runner.published.files import LARGEST_LOG, LARGEST_TRACE, LONGEST_LINE, read_bytes, read_lines
from energy_runner.published.mlcommons.document import read_passes
from tests.support.published_sessions import write_eembc, write_trace


def sparse(path: Path, size: int = 10**10) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_a_file_of_ten_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = sparse(tmp_path / "trace1-energy.bin")
    with pytest.raises(SessionError, match=r"trace1-energy.bin: 10.0 GB, more than the 67.1 MB"):
        read_bytes(path, tmp_path, LARGEST_TRACE)
    with pytest.raises(SessionError, match="more than"):
        next(read_lines(path, tmp_path, LARGEST_LOG))


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="needs links")
def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_not(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (inside / "out").symlink_to(tmp_path / "secret")
    (inside / "real").write_bytes(b"real")
    (inside / "in").symlink_to(inside / "real")
    (inside / "loop").symlink_to(inside / "loop")
    with pytest.raises(SessionError, match="out: a link out of the folder"):
        read_bytes(inside / "out", inside, 100)
    assert read_bytes(inside / "in", inside, 100) == b"real"
    with pytest.raises(SessionError, match="loop"):
        read_bytes(inside / "loop", inside, 100)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log.txt")
    with pytest.raises(SessionError, match="not a regular file"):
        next(read_lines(tmp_path / "log.txt", tmp_path, 100))


def test_empty_and_absent_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "pointer").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    for read in (lambda p: read_bytes(p, tmp_path, 100), lambda p: list(read_lines(p, tmp_path, 100))):
        with pytest.raises(SessionError, match=r"empty: is empty"):
            read(tmp_path / "empty")
        with pytest.raises(SessionError, match="pointer: absent, only its Git LFS pointer"):
            read(tmp_path / "pointer")
        with pytest.raises(SessionError, match="nothing: cannot be read"):
            read(tmp_path / "nothing")


def test_lines_end_by_lf_crlf_or_cr_and_long_ones_come_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"one\r\ntwo\nthree\rfour\n" + b"x" * (2 * LONGEST_LINE + 5))
    lines = list(read_lines(path, tmp_path, LARGEST_LOG))
    assert lines[:4] == [b"one", b"two", b"three", b"four"]
    assert b"".join(lines[4:]) == b"x" * (2 * LONGEST_LINE + 5)
    assert max(map(len, lines)) <= LONGEST_LINE


# --- traces and timestamps ------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [0.0, -1000.0, float("nan"), float("inf"), 1e30, 1e-30])
def test_an_absurd_sample_rate_is_refused(tmp_path: Path, rate_hz: float) -> None:
    write_trace(tmp_path, [1.0, 2.0], rate_hz)
    with pytest.raises(SessionError, match=r"sample rate of .* Hz is absurd"):
        read_trace(tmp_path / "trace1-energy.bin", tmp_path)


def test_what_is_odd_about_samples_is_named(tmp_path: Path) -> None:
    write_trace(tmp_path, [1.0, float("nan"), float("inf"), float("-inf"), -2.0])
    with (tmp_path / "trace1-energy.bin").open("ab") as file:
        file.write(b"\x01\x02")
    trace = read_trace(tmp_path / "trace1-energy.bin", tmp_path)
    assert len(trace.samples_uj) == 5
    assert [text.partition(": ")[2] for text in trace.oddities] == [
        "truncated, 2 bytes of a sample are left at its end",
        "1 samples are NaN and 2 infinite",
        "1 samples are negative",
    ]


@pytest.mark.parametrize("data", [b"\xf1", b"\xf1\x00\x00\x7a\x44", b"\x00" * 100, b"hello, world, hello"])
def test_what_is_no_trace_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "trace1-energy.bin"
    path.write_bytes(data)
    with pytest.raises(SessionError, match=r"trace1-energy\.bin"):
        read_trace(path, tmp_path)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_trace_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-energy.bin"
    path.write_bytes(struct.pack("<Bf", 0xF1, 1000.0) + data)
    try:
        trace = read_trace(path, path.parent)
    except SessionError:
        assert len(data) < 4
    else:
        assert len(trace.samples_uj) == len(data) // 4


@pytest.mark.parametrize(
    "text", ["[" * 10**6, '{"a": 1}', "[1, [2]]", '["x"]', "[" + "9" * 5000 + "", "nonsense", "[1,"]
)
def test_what_is_no_list_of_numbers_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trace1-timestamps.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SessionError, match=r"trace1-timestamps\.json: is no list of numbers"):
        read_timestamps(path, tmp_path)


@pytest.mark.parametrize("text", ["[" * 10**6, '[{"x":' * 10**5, "[1]", '[{"infer": {"iterations": -1}}]', "\x00"])
def test_what_is_no_result_of_the_other_runner_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SessionError, match=r"results\.json: is no result of the MLCommons runner"):
        read_passes(path, tmp_path)


@given(st.binary(max_size=60))
def test_any_bytes_are_timestamps_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-timestamps.json"
    path.write_bytes(data)
    try:
        stamps = read_timestamps(path, path.parent)
    except SessionError:
        return
    assert all(isinstance(value, float) for value in stamps)


# --- where sessions are ---------------------------------------------------------------------------------


def names(root: Path) -> list[str]:
    return [found.name for found in discover(root)]


def test_sessions_are_found_under_all_their_names(tmp_path: Path) -> None:
    write_eembc(tmp_path / "closed/a/results/board/kws/energy")
    (tmp_path / "closed/a/results/board/kws/energy/._log.txt").write_bytes(b"\x00\x05\x16\x07")
    odd = tmp_path / "closed/b/results/board/ic/enegy"
    odd.mkdir(parents=True)
    (odd / "energy_log.txt").write_text("00001.000 session: m-session-start-id[1]", "utf-8")
    (odd / "energy_script.txt").write_text("", "utf-8")
    only = tmp_path / "closed/c/results/board/ad/accuracy"
    only.mkdir(parents=True)
    (only / "accuracy_results.txt").write_text("", "utf-8")
    assert names(tmp_path) == [
        "closed/a/results/board/kws/energy",
        "closed/b/results/board/ic/enegy",
        "closed/c/results/board/ad/accuracy",
    ]
    found = {one.name: one for one in discover(tmp_path)}
    assert {
        role: [path.name for path in paths]
        for role, paths in found["closed/b/results/board/ic/enegy"].files.items()
    } == {
        "log": ["energy_log.txt"],
        "script": ["energy_script.txt"],
    }
    assert found["closed/b/results/board/ic/enegy"].mode_by_folder() == "energy"
    assert found["closed/c/results/board/ad/accuracy"].benchmark_by_folder() == "ad01"


def test_two_sessions_may_share_a_folder(tmp_path: Path) -> None:
    both = tmp_path / "kws"
    write_eembc(both)
    for name in ("log.txt", "results.txt", "script.async"):
        (both / name).rename(both / f"energy_{name}")
        (both / f"performance_{name}").write_text("", "utf-8")
    assert names(tmp_path) == ["kws/energy_log.txt", "kws/performance_log.txt"]
    energy, performance = discover(tmp_path)
    assert energy.file("trace") is not None
    assert performance.file("trace") is None


def test_a_folder_that_is_a_session_itself_is_found(tmp_path: Path) -> None:
    write_eembc(tmp_path / "energy")
    assert names(tmp_path / "energy") == ["."]


def test_other_files_are_no_sessions(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/log.txt").write_text("a diary", "utf-8")
    (tmp_path / "code/CMakeLists.txt").write_text("", "utf-8")
    (tmp_path / ".git").mkdir()
    write_eembc(tmp_path / ".git/energy")
    own = tmp_path / "ours"
    own.mkdir()
    for name in ("record.json", "journal.jsonl", "results.txt", "log.txt"):
        (own / name).write_text("", "utf-8")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_to_folders_are_not_followed_and_those_that_lead_out_are_told(tmp_path: Path) -> None:
    write_eembc(tmp_path / "repo/kws/energy")
    write_eembc(tmp_path / "elsewhere/energy")
    (tmp_path / "repo/again").symlink_to(tmp_path / "repo/kws")
    (tmp_path / "repo/out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "repo/kws/up").symlink_to(tmp_path / "repo")
    assert names(tmp_path / "repo") == ["kws/energy", "out"]
    assert discover(tmp_path / "repo")[1].reason == "a link out of the folder, not followed"


def test_a_folder_that_cannot_be_entered_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_eembc(tmp_path / "a/energy")
    (tmp_path / "b").mkdir()
    scandir = os.scandir

    def closed(path: str) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert [(found.name, found.reason) for found in discover(tmp_path)] == [
        ("a/energy", ""),
        ("b", "cannot be read (Permission denied)"),
    ]
