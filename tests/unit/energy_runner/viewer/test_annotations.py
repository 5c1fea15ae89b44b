# SPDX-License-Identifier: Apache-2.0
"""Annotations: kept beside the facts, bounded, and read like any file that somebody else may have written."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from energy_runner.errors import BenchFault, ConfigurationError, SessionError
from energy_runner.viewer import annotations as module
from energy_runner.viewer.annotations import (
    ANNOTATIONS,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST,
    SCHEMA,
    Annotation,
    AnnotationsChangedError,
    read_annotations,
    version,
    write_annotations,
)
from tests.support.synthetic import make_run

ONE = {
    "id": "a",
    "name": "spike",
    "start_s": 1.0,
    "stop_s": 2.5,
    "text": "why?",
    "made_utc": "2026-01-02T03:04:05Z",
}


@pytest.fixture
def session(tmp_path):
    return make_run(mode="performance").write(tmp_path / "s")


def put(session, content):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (session.path / ANNOTATIONS).write_bytes(data)


def document(session, *annotations, **changes):
    whole = {"schema": SCHEMA, "session_id": session.record.session_id, "annotations": list(annotations)}
    return whole | changes


def refused(session, match):
    with pytest.raises(SessionError, match=match) as error:
        read_annotations(session)
    assert "Try: " in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


def test_they_come_back_as_they_were_kept(session):
    assert read_annotations(session) == []
    kept = write_annotations(session, [ONE, {"start_s": 3, "stop_s": 3.0}])
    assert kept == read_annotations(session)
    assert kept[0] == Annotation(**ONE)
    assert kept[1] == Annotation(id="r1", name="", start_s=3.0, stop_s=3.0)
    assert write_annotations(session, kept[1:]) == read_annotations(session) == kept[1:]


def test_without_annotations_there_is_no_file(session):
    before = sorted(path.name for path in session.path.iterdir())
    assert write_annotations(session, []) == []
    write_annotations(session, [ONE])
    assert sorted(path.name for path in session.path.iterdir()) == sorted([*before, ANNOTATIONS])
    assert write_annotations(session, []) == []
    assert sorted(path.name for path in session.path.iterdir()) == before


def test_every_annotation_has_an_id_of_its_own(session):
    given = [{"id": name, "start_s": 0, "stop_s": 1} for name in ("r1", "", "x", "x", "")]
    kept = write_annotations(session, given)
    assert [one.id for one in kept][:3] == ["r1", "r2", "x"]
    assert len({one.id for one in kept}) == 5
    assert read_annotations(session) == kept


def test_a_text_is_kept_as_text_and_what_would_mislead_is_visible(session):
    script = "<script>alert(1)</script>"
    given = {
        "name": f" {script}\n\u202e\0 ",
        "text": f"{script}\r\n\tline\u2066\x1b[31m",
        "start_s": 0,
        "stop_s": 1,
    }
    (kept,) = write_annotations(session, [given])
    assert kept.name == f"{script} \\u202e\\x00"
    assert kept.text == f"{script}\n\tline\\u2066\\x1b[31m"
    assert read_annotations(session) == [kept]
    assert write_annotations(session, [kept]) == [kept]


@pytest.mark.parametrize(
    "change",
    [
        {"start_s": float("nan")},
        {"stop_s": float("inf")},
        {"stop_s": 0.5},
        {"start_s": -1e300},
        {"start_s": "1"},
        {"start_s": True},
        {"start_s": None},
        {"name": 7},
        {"name": "x" * (LONGEST_NAME + 1)},
        {"text": "x" * (LONGEST_TEXT + 1)},
        {"id": "../../etc"},
        {"id": "x" * 65},
        {"made_utc": "yesterday"},
        {"made_utc": "2026-01-02T03:04:05Z<script>"},
    ],
)
def test_what_is_no_annotation_is_refused_in_either_direction(session, change):
    with pytest.raises(ConfigurationError, match=r"annotation 2 cannot be kept: .*Try: id, name"):
        write_annotations(session, [ONE, ONE | change])
    assert not (session.path / ANNOTATIONS).exists()
    put(session, document(session, ONE, ONE | change))
    refused(session, "annotations.1")


@pytest.mark.parametrize("given", [None, "text", b"bytes", {"a": 1}, 7, [None], ["text"], [[]]])
def test_what_is_no_list_of_annotations_is_refused(session, given):
    with pytest.raises(ConfigurationError, match="Try: "):
        write_annotations(session, given)


def test_there_are_only_so_many(session):
    many = [{"start_s": 0.0, "stop_s": 1.0, "text": "\U0001f600" * LONGEST_TEXT}] * MOST
    assert len(write_annotations(session, many)) == len(read_annotations(session)) == MOST
    with pytest.raises(ConfigurationError, match="Try: 1000 at most"):
        write_annotations(session, [*many, many[0]])
    put(session, document(session, *[ONE] * (MOST + 1)))
    refused(session, "annotations: ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"NaN",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"schema": "energy-runner/annotations/1", "annotations": ' + b"[" * 100_000,
        b'{"schema": "energy-runner/record/1", "session_id": "x", "annotations": []}',
        b'{"schema": "energy-runner/annotations/2", "session_id": "x", "annotations": []}',
    ],
)
def test_a_damaged_or_deep_file_is_refused_with_a_message(session, content):
    put(session, content)
    refused(session, ANNOTATIONS)


def test_what_a_later_version_adds_is_ignored(session):
    put(session, document(session, ONE | {"colour": "red"}, more={"deep": [[[1]]]}))
    assert read_annotations(session) == [Annotation(**ONE)]


def test_a_file_of_another_session_is_refused(session):
    put(session, document(session, ONE, session_id="somebody\u202e else's"))
    refused(session, r"belongs to the session somebody\\u202e else's")


def test_a_huge_file_is_not_read(session, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    put(session, b" " * 1001)
    refused(session, "longer than 1000 bytes")


def link(path: Path, elsewhere: Path) -> None:
    path.symlink_to(elsewhere)


def folder(path: Path, _: Path) -> None:
    path.mkdir()


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the operating system has no pipes with a name")
@pytest.mark.parametrize("make", [link, folder, pipe])
def test_a_link_a_folder_or_a_pipe_is_neither_read_nor_replaced(session, make, tmp_path):
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps(document(session, ONE)))
    before = elsewhere.read_bytes()
    make(session.path / ANNOTATIONS, elsewhere)
    refused(session, "not a file")
    for given in ([ONE], []):
        with pytest.raises(SessionError, match="not a file"):
            write_annotations(session, given)
    assert elsewhere.read_bytes() == before
    assert (session.path / ANNOTATIONS).lstat()


def test_a_link_that_leads_nowhere_is_one(session, tmp_path):
    link(session.path / ANNOTATIONS, tmp_path / "nowhere")
    refused(session, "not a file")
    assert not (tmp_path / "nowhere").exists()


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(session, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link(session.path / f".{ANNOTATIONS}.{os.getpid()}.tmp", victim)
    write_annotations(session, [ONE])
    assert victim.read_text() == "precious"
    assert read_annotations(session) == [Annotation(**ONE)]


def test_a_disk_that_refuses_leaves_the_old_ones(session, monkeypatch):
    write_annotations(session, [ONE])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("energy_runner.session.disk.write_whole", full)
    monkeypatch.setattr("energy_runner.session.disk.remove", full)
    for given in ([ONE | {"name": "new"}], []):
        with pytest.raises(BenchFault, match="Try: free disk space"):
            write_annotations(session, given)
    assert read_annotations(session) == [Annotation(**ONE)]


def test_who_would_undo_what_somebody_else_kept_is_told(session):
    known = version(read_annotations(session))
    write_annotations(session, [ONE], known)
    with pytest.raises(AnnotationsChangedError, match=r"was changed since it was read\. Try: again"):
        write_annotations(session, [ONE | {"name": "mine"}], known)
    write_annotations(session, [], version(read_annotations(session)))
    assert read_annotations(session) == []


@pytest.mark.parametrize("given", [[ONE], []])
def test_what_cannot_be_read_is_not_overwritten(session, given):
    """It may be of a later version, or of another session: somebody's work."""
    for content in (document(session, ONE, schema="energy-runner/annotations/2"), b"{half"):
        put(session, content)
        before = (session.path / ANNOTATIONS).read_bytes()
        with pytest.raises(SessionError, match="Try: move it elsewhere"):
            write_annotations(session, given)
        assert (session.path / ANNOTATIONS).read_bytes() == before


def test_many_who_write_at_once_leave_the_annotations_of_one(session):
    def write(number: int) -> int:
        write_annotations(
            session, [ONE | {"name": f"{number}", "text": "x" * (number * 37 % 1900)}] * (number + 1)
        )
        return len(read_annotations(session))

    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(write, range(40)))
    assert all(1 <= count <= 40 for count in counts)
    assert len({one.name for one in read_annotations(session)}) == 1
    assert [path.name for path in session.path.glob(".*tmp")] == []
