# SPDX-License-Identifier: Apache-2.0
"""Which files make a session, one file at a time; and lines and sizes of files at their ends."""

import os
from io import BytesIO
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.published import contents as contents_room
from energy_runner.published.contents import _lines, _registered, _size, check, lines_of, read_bytes, read_head
from energy_runner.published.discover import discover, find_all, find_one

LOG = "00001.000 session: m-session-start-id[1]"


def put(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return folder


def names(root: Path) -> list[str]:
    return [found.name for found in discover(root)]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"log__txt": LOG}, True),
        ({"log__txt": "a diary"}, False),
        ({"log__txt": "x" * 16_384 + LOG}, False),
        ({"log__txt": "x" * 16_300 + LOG}, True),
        ({"results__txt": "x ulp-ml: Median"}, True),
        ({"log__txt": "SerialDevice"}, True),
        ({"results__txt": "Energy data for trial 1"}, True),
        ({"script__async": LOG}, False),
        ({"script__txt": "m-ready"}, False),
        ({"trace1-energy__bin": ""}, True),
        ({"trace1-timestamps__json": ""}, True),
        ({"log__txt": "a diary", "results__txt": "too"}, True),
    ],
)
def test_files_are_a_session_by_their_number_or_their_text(
    tmp_path: Path, files: dict[str, str], found: bool
) -> None:
    put(tmp_path / "odd", **files)
    assert names(tmp_path) == (["odd"] if found else [])


def test_a_file_that_cannot_be_opened_is_no_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "odd", log__txt=LOG)
    assert names(tmp_path) == ["odd"]

    def closed(path: Path, *_: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", closed)
    assert names(tmp_path) == []


@pytest.mark.parametrize("folder", ["energy", "Power", "perf", "accuracy"])
def test_in_a_folder_of_a_mode_one_file_is_enough(tmp_path: Path, folder: str) -> None:
    put(tmp_path / folder, script__async="")
    assert names(tmp_path) == [folder]


def test_several_sessions_in_a_folder_are_named_by_their_logs(tmp_path: Path) -> None:
    put(tmp_path / "a", energy_log__txt=LOG, perf_results__txt="ulp-ml", perf_script__async="", odd_log__txt=LOG)
    put(tmp_path / "a", stray_results__txt="ulp-ml")
    assert names(tmp_path) == ["a/energy_log.txt", "a/odd_log.txt", "a/perf_results.txt"]
    assert [found.mode for found in discover(tmp_path)] == ["energy", None, "performance"]
    put(tmp_path / "a", **{"trace1-energy__bin": ""})
    assert [("trace" in found.files) for found in discover(tmp_path)] == [True, True, False]
    only = put(tmp_path / "c", perf_log__txt=LOG, **{"trace1-energy__bin": ""})
    (found,) = discover(only)
    assert (found.name, found.mode, sorted(found.files)) == (".", "performance", ["log", "trace"])
    alone = put(tmp_path / "b", x_results__txt="ulp-ml", y_results__txt="ulp-ml")
    assert names(alone) == ["x_results.txt", "y_results.txt"]


def test_the_mode_is_the_first_word_that_is_one(tmp_path: Path) -> None:
    put(tmp_path / "x", accuracy_energy_log__txt=LOG)
    put(tmp_path / "y", z_energy_log__txt=LOG)
    put(tmp_path / "performance", energy_log__txt=LOG)
    assert {found.name: found.mode for found in discover(tmp_path)} == {
        "x": "accuracy",
        "y": None,
        "performance": "performance",
    }


def test_one_session_is_found_by_its_folder_or_by_one_of_its_files(tmp_path: Path) -> None:
    here = put(
        tmp_path / "kws", energy_log__txt=LOG, energy_results__txt="x", perf_log__txt=LOG, perf_results__txt="x"
    )
    there = put(tmp_path / "kws/below", log__txt=LOG)
    assert find_one(here / "perf_log.txt").files["log"] == [here / "perf_log.txt"]
    assert find_one(there).name == "."
    assert find_one(there / "log.txt").folder == there
    for path in (here, tmp_path):
        with pytest.raises(SessionError, match=r"holds (2|3) sessions \("):
            find_one(path)
    only = put(tmp_path / "only", log__txt=LOG)
    put(tmp_path / "only/below", log__txt=LOG)
    assert find_one(only).folder == only
    for number in range(5):
        put(tmp_path / f"many/{number}", log__txt=LOG)
    with pytest.raises(SessionError, match=r"holds 5 sessions \(0, 1, 2 \.\.\.\)"):
        find_one(tmp_path / "many")
    put(tmp_path / "none", readme__txt="x")
    for find in (find_one, lambda path: find_all([path])):
        with pytest.raises(SessionError, match="holds no session"):
            find(tmp_path / "none")
        with pytest.raises(SessionError, match="no such file or folder"):
            find(tmp_path / "gone")
    assert [found.name for found in find_all([here / "energy_results.txt", only])] == [
        "energy_log.txt", ".", "below",
    ]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_to_files_are_refused_only_where_they_lead_out(tmp_path: Path) -> None:
    put(tmp_path / "out", log__txt=LOG)
    inner = put(tmp_path / "repo/kws", results__txt="ulp-ml")
    put(tmp_path / "repo/other", my__txt=LOG)
    (inner / "log.txt").symlink_to(tmp_path / "repo/other/my.txt")
    (inner / "script.async").symlink_to(tmp_path / "out/log.txt")
    (found,) = discover(tmp_path / "repo")
    assert found.refused == ["script.async"]
    alone = tmp_path / "repo/alone"
    alone.mkdir()
    (alone / "log.txt").symlink_to(tmp_path / "repo/other/my.txt")
    (alone / "loop").symlink_to(alone / "loop")
    assert names(tmp_path / "repo") == ["kws"]


# --- files ----------------------------------------------------------------------------------------------


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_bytes(b"x" * 1000)
    assert check(path, tmp_path, 1000) == 1000
    assert read_bytes(path, tmp_path, 1000) == b"x" * 1000
    assert len(read_head(path, tmp_path, 1000)) == 1000
    with pytest.raises(SessionError, match=r"f.txt: 1.0 kB, more than the 999 B that are read"):
        read_bytes(path, tmp_path, 999)
    path.write_bytes(b"x" * 5000)
    assert len(read_head(path, tmp_path, 5000)) == 4096


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.txt"
    path.write_bytes(b"x" * 1001)
    monkeypatch.setattr(contents_room, "check", lambda *_: 1000)
    with pytest.raises(SessionError, match="grew while it was read"):
        read_bytes(path, tmp_path, 1000)


@pytest.mark.parametrize(
    ("data", "left", "lines"),
    [
        (b"a\nb\r\nc\rd\n", 100, [b"a", b"b", b"c", b"d"]),
        (b"a\nbcd\n", 4, [b"a", b"bc"]),
        (b"a\nb", 2, [b"a"]),
        (b"a\nb", 0, []),
        (b"", 9, []),
        (b"a\n\nb", 9, [b"a", b"", b"b"]),
    ],
)
def test_lines_end_with_what_may_be_read(data: bytes, left: int, lines: list[bytes]) -> None:
    assert list(_lines(BytesIO(data), left)) == lines


def test_a_line_is_cut_into_pieces_of_64_kibibytes() -> None:
    assert [len(piece) for piece in lines_of(b"x" * 70_000 + b"\ny")] == [65_536, 4_464, 1]


def test_the_trace_that_the_log_registers_is_taken(tmp_path: Path) -> None:
    first, second = tmp_path / "trace1-energy.bin", tmp_path / "trace2-energy.bin"
    log = tmp_path / "log.txt"
    for text, taken in (
        ("m-regfile-fn[trace2-energy.bin]", second),
        ("x m-regfile-fn[trace1-energy.bin]", first),
        ("", first),
    ):
        log.write_text(f"a\n{text}\n", "utf-8")
        assert _registered([first, second], log) == taken
    assert _registered([second], tmp_path / "gone.txt") == second


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (10**6, "1.0 MB"), (10**9, "1.0 GB")],
)
def test_sizes_are_told_in_the_unit_they_reach(count: int, text: str) -> None:
    assert _size(count) == text


def test_what_is_not_there_is_refused_with_what_to_try(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for find in (find_one, lambda path: find_all([path])):
        for name in ("nowhere", "n" * 5000, "empty"):
            with pytest.raises(
                SessionError, match=r"(no such file|File name too long|holds no session).*\. Try: "
            ) as refused:
                find(tmp_path / name)
            assert len(str(refused.value)) < 500
