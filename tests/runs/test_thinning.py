# SPDX-License-Identifier: Apache-2.0
"""Thinning gives room back and takes nothing that a figure needs; killed at any step, it loses nothing."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from energy_runner import api
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import disk
from energy_runner.session.folder import Session, write_json
from energy_runner.session.seal import stamped
from energy_runner.session.thinned import THINNED
from tests.support.small import small_plan, twin_bench

STEPS = ("create", "write", "sync", "replace", "sync_folder", "remove")
MONTH_S = 30 * 86_400


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid run without findings."""
    parent = tmp_path_factory.mktemp("thinning")
    api.run(twin_bench("virtual-lpm01a"), small_plan(parent / "stimuli"), out=parent / "s", rule_set="lab")
    return parent / "s"


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "s")


def only(folder: Path, **policy: Any) -> api.ThinnedRow:
    (row,) = api.thin_sessions(folder, **policy)
    return row


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_bytes_go_and_all_else_stays(folder: Path) -> None:
    before, result = held(folder), api.analyze(folder, rule_set="lab")
    assert only(folder, dry_run=True).state == "would be thinned"
    assert held(folder) == before
    row = only(folder)
    assert (row.state, row.bytes_freed) == ("thinned", len(before["stream.bin"]))
    after = held(folder)
    assert set(before) - set(after) == {"stream.bin"}
    assert {name: after[name] for name in after if name != THINNED} == {
        name: data for name, data in before.items() if name != "stream.bin"
    }
    session = api.load_session(folder)
    assert session.verified.intact
    assert session.thinned is not None
    assert session.thinned.words.startswith("raw bytes thinned on 20")
    again = api.analyze(folder, rule_set="lab")
    assert again.valid
    assert again.energy_per_inference_j == result.energy_per_inference_j
    assert (again.windows, again.uncertainty, again.alignment) == (
        result.windows,
        result.uncertainty,
        result.alignment,
    )
    assert [finding.id for finding in again.findings] == ["raw-bytes-thinned"]
    assert again.exchange is None
    verdicts = {one.id: one for one in again.verdicts}
    assert not verdicts["events-agree"].known
    assert "facts agreed before" in verdicts["events-agree"].note
    assert verdicts["facts-sealed"].passed
    changed = [old.id for old in result.verdicts if old.passed != verdicts[old.id].passed]
    assert changed == ["events-agree"]
    assert api.differences(folder, fresh=again) == []  # result.json is from before
    api.analyze(folder, write=True)
    assert api.differences(folder, fresh=api.analyze(folder)) == []
    with pytest.raises(SessionError, match="raw bytes thinned on"):
        list(api.load_session(folder).exchanges())
    assert only(folder).state == "thinned before"


def test_commands_say_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app, ["sessions", "thin", str(folder), "--older-than", "0"]) == 0
    assert "1 of 1 sessions thinned" in capsys.readouterr().out
    for words in (["check"], ["report", "--rule-set", "lab"], ["analyze", "--rule-set", "lab"]):
        run_app(app, [*words, str(folder)])
        assert "raw bytes thinned on" in capsys.readouterr().err, words
        if words != ["check"]:
            assert "Thinned</dt><dd>raw bytes thinned on" in (folder / "report.html").read_text("utf-8")
        run_app(app, ["sessions", "list", str(folder)])
        assert "raw bytes thinned on" in capsys.readouterr().out
    assert run_app(app, ["sessions", "thin", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "thinned before"
    assert run_app(app, ["sessions", "thin", str(folder), "--older-than", "-1"]) == 2
    assert "--older-than -1: not a number of days" in capsys.readouterr().err


def forged(folder: Path, change: Callable[[dict[str, Any]], None], *, digest: bool = True) -> None:
    document = json.loads((folder / THINNED).read_bytes())
    change(document)
    document["sha256"] = "0" * 64
    write_json(folder / THINNED, document)
    if digest:
        (folder / THINNED).write_bytes(stamped((folder / THINNED).read_bytes()))


FORGED: dict[str, Callable[[Path], None]] = {
    "absent": lambda folder: (folder / THINNED).unlink(),
    "no document": lambda folder: (folder / THINNED).write_bytes(b"{}") and None,
    "another digest of the file": lambda f: forged(f, lambda d: d["removed"][0].update(sha256="1" * 64)),
    "another size": lambda f: forged(f, lambda d: d["removed"][0].update(size=1)),
    "more files": lambda f: forged(f, lambda d: d["removed"].append(dict(d["removed"][0], name="trace.jls"))),
    "nothing removed": lambda f: forged(f, lambda d: d.update(removed=[])),
    "of other facts": lambda f: forged(f, lambda d: d.update(facts_sha256="1" * 64)),
    "of another session": lambda f: forged(f, lambda d: d.update(session_id="other")),
    "of a later kind": lambda f: forged(f, lambda d: d.update(schema="energy-runner/thinned/2")),
    "edited": lambda f: forged(f, lambda d: d.update(policy="whim"), digest=False),
}


@pytest.mark.parametrize("how", FORGED)
def test_without_a_true_statement_the_facts_are_changed(folder: Path, how: str) -> None:
    only(folder)
    FORGED[how](folder)
    session = api.load_session(folder)
    assert session.thinned is None
    assert not session.verified.intact
    assert [finding.id for finding in api.analyze(session).findings][:1] == ["facts-changed"]
    (said,) = [text for text in api.differences(session) if text.startswith("stream.bin")]
    assert ("does not fit the seal" in said) == (how != "absent")
    assert api.list_sessions(folder)[0].differs is not None


@pytest.mark.parametrize("name", ["journal.jsonl", "trace.jls", "record.json"])
def test_the_rest_of_a_thinned_session_stays_sealed(folder: Path, name: str) -> None:
    only(folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    try:
        assert not api.load_session(folder).verified.intact
    except SessionError:  # no document any more
        assert name == "record.json"


def edited(folder: Path, **keys: object) -> None:
    document = json.loads((folder / "record.json").read_bytes())
    (folder / "record.json").write_bytes(json.dumps(document | keys, indent=2).encode())


def emptied(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")


KEPT: dict[str, tuple[Callable[[Path], object], str]] = {
    "a run in progress": (lambda f: edited(f, outcome="running"), "its run has not ended"),
    "a run that failed": (lambda f: edited(f, outcome="bench-fault"), "its run ended as bench-fault"),
    "a record that was changed": (lambda f: edited(f, notes=["x"]), "record.json, key `notes`"),
    "a stream that was changed": (lambda f: emptied(f, "stream.bin"), "stream.bin"),
    "a journal that was changed": (lambda f: emptied(f, "journal.jsonl"), ""),
    "no result": (lambda f: (f / "result.json").unlink(), "it was not analysed"),
    "a result that is not valid": (lambda f: api.analyze(f, write=True, rule_set="mlperf-tiny-1.4"), "not valid"),
    "a report that was changed": (lambda f: emptied(f, "report.html"), "report.html"),
    "no trace": (lambda f: (f / "trace.jls").unlink(), "no trace"),
    "no record": (lambda f: emptied(f, "record.json"), "record.json"),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_is_not_known_to_be_sound_is_kept(folder: Path, what: str) -> None:
    KEPT[what][0](folder)
    before = held(folder)
    row = only(folder)
    assert row.state in {"kept", "failed"}
    assert KEPT[what][1] in row.why
    assert held(folder) == before


def test_the_policy_spares_the_young_the_chosen_and_the_cited(original: Path, tmp_path: Path) -> None:
    now_s = (original / "record.json").stat().st_mtime
    for number in range(5):
        copy = shutil.copytree(original, tmp_path / f"s{number}")
        made_s = now_s - (5 - number) * MONTH_S
        os.utime(copy / "record.json", (made_s, made_s))

    def states(**policy: Any) -> list[str]:
        return [row.state for row in api.thin_sessions([tmp_path], **policy)]

    go, stay = "would be thinned", "kept"
    assert states(dry_run=True, older_than_days=75) == [go, go, go, stay, stay]
    assert states(dry_run=True, keep_every=2) == [stay, go, stay, go, stay]
    assert states(dry_run=True, keep_every=1) == [stay] * 5
    assert states(dry_run=True, cited=["s"]) == [stay] * 5  # all are copies of one
    assert states(keep_every=2, older_than_days=75) == [stay, "thinned", stay, stay, stay]
    assert states(keep_every=2) == [stay, "thinned before", stay, "thinned", stay]
    said = api.load_session(tmp_path / "s1").thinned
    assert said is not None
    assert said.policy == "sessions older than 75 days, one in 2 kept"
    with pytest.raises(ConfigurationError, match="at least 1"):
        states(keep_every=0)


class Killed(BaseException):
    """What a kill is to a process: nothing after it is done."""


def at_each_step(
    original: Path, tmp_path: Path, error: Callable[[], BaseException]
) -> list[tuple[str, bool, Path]]:
    """Thin copies, each with a fault before or after one call on the disk; return them with where it was."""
    found: list[tuple[str, bool, Path]] = []
    for late in (False, True):
        for at in range(100):
            folder = shutil.copytree(original, tmp_path / f"{'late' if late else 'early'}-{at}")
            log: list[str] = []

            def counted(name: str, real: Any, at: int = at, late: bool = late, log: list[str] = log) -> Any:
                def call(*given: Any) -> Any:
                    log.append(name)
                    if len(log) - 1 != at:
                        return real(*given)
                    made = real(*given) if late else None
                    if name == "create" and made is not None:
                        made.close()
                    raise error()

                return call

            with ExitStack() as stack:
                for name in STEPS:
                    stack.enter_context(patch.object(disk, name, counted(name, getattr(disk, name))))
                try:
                    row = only(folder)
                except Killed:
                    row = None
            if len(log) <= at:
                assert row is not None
                assert row.state == "thinned"
                break
            assert row is None or row.state == "failed"
            found.append((log[at], late, folder))
    assert {step for step, _, _ in found} == set(STEPS)
    return found


@pytest.mark.parametrize("kind", ["killed", "refused"])
def test_at_every_step_a_session_is_intact_or_thinned(original: Path, tmp_path: Path, kind: str) -> None:
    error = Killed if kind == "killed" else lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with patch("energy_runner.api.thinning._sound", lambda session: (session.result(), "")):  # it takes a second
        steps = at_each_step(original, tmp_path, error)
        for step, late, folder in steps:
            session = Session.open(folder)
            assert session.verified.intact, (step, late)
            assert (session.thinned is None) == (folder / "stream.bin").exists()
            assert only(folder).state == ("thinned" if session.thinned is None else "thinned before")
            assert Session.open(folder).thinned is not None
