# SPDX-License-Identifier: Apache-2.0
"""Contents of other people's files: bounded reading, links, pipes, what is refused and what is read."""

import os
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.published.contents import (
    LARGEST_TRACE,
    LONGEST_LINE,
    Contents,
    lines_of,
    load,
    read_bytes,
    read_lines,
)
from energy_runner.published.discover import Found, discover, find_one
from tests.support.published_sessions import write_eembc, write_mlcommons, write_performance

LAPS = [(k * 20_000_000, k * 20_000_000 + 11_700_000) for k in range(5)]


def sparse(path: Path, size: int = 10**10) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_a_file_of_ten_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = sparse(tmp_path / "trace1-energy.bin")
    with pytest.raises(SessionError, match=r"trace1-energy.bin: 10.0 GB, more than the 67.1 MB"):
        read_bytes(path, tmp_path, LARGEST_TRACE)


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
    with pytest.raises(SessionError, match="loop: a link out of the folder, not followed"):
        read_bytes(inside / "loop", inside, 100)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log.txt")
    with pytest.raises(SessionError, match="not a regular file"):
        read_bytes(tmp_path / "log.txt", tmp_path, 100)


def test_empty_and_absent_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "pointer").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    for name, words in (
        ("empty", "empty: is empty"),
        ("pointer", "pointer: absent, only its Git LFS pointer"),
        ("nothing", r"^nothing: cannot be read \(No such file or directory\)$"),
    ):
        with pytest.raises(SessionError, match=words):
            read_bytes(tmp_path / name, tmp_path, 100)


def test_lines_end_by_lf_crlf_or_cr_and_long_ones_come_in_pieces() -> None:
    lines = list(lines_of(b"one\r\ntwo\nthree\rfour\n" + b"x" * (2 * LONGEST_LINE + 5)))
    assert lines[:4] == [b"one", b"two", b"three", b"four"]
    assert b"".join(lines[4:]) == b"x" * (2 * LONGEST_LINE + 5)
    assert max(map(len, lines)) <= LONGEST_LINE


# --- a whole session ------------------------------------------------------------------------------------


def loaded(folder: Path) -> Contents:
    return load(find_one(folder))


def test_every_file_is_read_once_and_by_its_role(tmp_path: Path) -> None:
    contents = loaded(write_eembc(tmp_path / "kws/energy"))
    assert contents.names == {
        "log": "log.txt",
        "results": "results.txt",
        "trace": "trace1-energy.bin",
        "timestamps": "trace1-timestamps.json",
        "script": "script.async",
    }
    assert not contents.of_mlcommons
    assert contents.refusals == {}
    assert contents.json is None
    assert contents.results is not None
    assert contents.results[0].endswith("sec.:")
    log = list(contents.log)
    assert log[0].endswith(b"m-session-start-id[20240102030405]")
    assert list(contents.log) == []


def test_a_session_of_the_other_runner_is_told_by_its_document_or_by_the_beginning_of_its_text(
    tmp_path: Path,
) -> None:
    folder = write_mlcommons(tmp_path / "kws/energy")
    assert loaded(folder).of_mlcommons
    (folder / "results.json").unlink()
    assert loaded(folder).of_mlcommons
    (folder / "log.txt").unlink()
    assert loaded(folder).of_mlcommons
    text = (folder / "results.txt").read_text("utf-8")
    (folder / "results.txt").write_text("-" * 5000 + "\n" + text, "utf-8")
    assert not loaded(folder).of_mlcommons


def test_what_is_refused_is_kept_with_its_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    sparse(folder / "log.txt")
    (folder / "trace1-energy.bin").write_bytes(b"")
    (folder / "script.async").write_bytes(b"")
    contents = loaded(folder)
    assert contents.refusals == {
        "log": "log.txt: 10.0 GB, more than the 134.2 MB that are read",
        "trace": "trace1-energy.bin: is empty",
        "script": "script.async: is empty",
    }
    assert list(contents.log) == []
    assert contents.trace is None
    assert contents.timestamps is not None
    assert sorted(path.name for path in contents.files) == [
        "results.txt", "script.async", "trace1-energy.bin", "trace1-timestamps.json",
    ]  # fmt: skip
    sparse(folder / "trace1-energy.bin", LARGEST_TRACE + 1)
    sparse(folder / "script.async", LARGEST_TRACE + 1)  # nothing is read of it, so it may be longer
    assert sorted(path.name for path in loaded(folder).files) == [
        "results.txt", "script.async", "trace1-timestamps.json",
    ]  # fmt: skip


def test_of_several_traces_the_one_that_the_log_registers_is_read(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    (folder / "trace0-energy.bin").write_bytes(b"another")
    assert loaded(folder).names["trace"] == "trace1-energy.bin"
    log = (folder / "log.txt").read_text("utf-8")
    (folder / "log.txt").write_text(
        log.replace("m-regfile-fn[trace1-energy", "m-regfile-fn[tracex-energy"), "utf-8"
    )
    assert loaded(folder).names["trace"] == "trace0-energy.bin"


def test_a_log_that_cannot_be_read_to_its_end_is_refused(tmp_path: Path) -> None:
    contents = loaded(write_eembc(tmp_path / "kws/energy"))
    (tmp_path / "kws/energy/log.txt").unlink()
    with pytest.raises(SessionError, match=r"log\.txt: cannot be read"):
        list(contents.log)


def test_lines_are_read_up_to_a_stated_size(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert list(read_lines(path, 10)) == [b"one", b"two", b"th"]


def test_a_place_that_could_not_be_entered_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="gone: a link out of the folder"):
        load(Found(tmp_path, tmp_path / "gone", "gone", reason="a link out of the folder, not followed"))


def test_results_of_performance_mode_beside_an_energy_session_are_read_too(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    write_performance(tmp_path / "kws/performance", LAPS)
    (tmp_path / "kws/perf").mkdir()
    (tmp_path / "kws/perf/results.txt").write_bytes(b"")  # refused, and left out
    (energy,) = (found for found in discover(tmp_path) if found.folder == folder)
    (beside,) = load(energy).beside
    assert beside[-1].endswith("ulp-mlperf: Median throughput is 10.256 inf./sec.")
    assert loaded(folder).beside == []  # the folder given is not left


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("length", [0, 1, LONGEST_LINE - 1, LONGEST_LINE])
def test_a_line_of_the_longest_length_is_one_line_however_it_ends(end: bytes, length: int) -> None:
    line = b"x" * length
    assert list(lines_of(b"before\n" + line + end)) == [b"before", *([line] if line or end else [])]
