# SPDX-License-Identifier: Apache-2.0
"""Session folders: never overwritten, never half written, never trusted."""

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import BenchFault, ConfigurationError, ExitStatus, SessionError
from energy_runner.rules import evaluate
from energy_runner.session.folder import (
    CLAIM,
    Session,
    create_session,
    give_up_session,
    json_bytes,
    write_json,
    write_record,
    write_result,
)
from energy_runner.session.journal import exchange
from tests.support.synthetic import make_run

RECORD = make_run(period_s=0.1).record


def test_names_are_made_unique(tmp_path: Path) -> None:
    names = [create_session(tmp_path / "sessions", "run").name for _ in range(3)]
    assert names == ["run", "run-2", "run-3"]


def test_two_runs_at_once_get_two_folders(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create_session(tmp_path, "run"), range(40)))
    assert len(set(made)) == 40


def test_out_may_be_absent_or_empty_but_holds_nothing(tmp_path: Path) -> None:
    out = tmp_path / "new" / "deep"
    assert create_session(tmp_path, "run", out) == out
    give_up_session(out)
    out.mkdir()
    assert create_session(tmp_path, "run", out) == out
    for name in ("a", CLAIM):
        give_up_session(out)
        out.mkdir()
        (out / name).touch()
        with pytest.raises(ConfigurationError, match="is not empty") as caught:
            create_session(tmp_path, "run", out)
        assert caught.value.status == ExitStatus.USAGE
        assert [path.name for path in out.iterdir()] == [name]
        (out / name).unlink()


def test_a_claimed_folder_is_taken_by_no_other_run_before_and_after_its_record(tmp_path: Path) -> None:
    out = create_session(tmp_path, "run", tmp_path / "s")
    assert [path.name for path in out.iterdir()] == [CLAIM]
    with pytest.raises(ConfigurationError, match="is not empty"):
        create_session(tmp_path, "run", out)
    write_record(out, RECORD)
    assert [path.name for path in out.iterdir()] == ["record.json"], "the record takes the place of the claim"
    with pytest.raises(ConfigurationError, match="is not empty"):
        create_session(tmp_path, "run", out)
    give_up_session(out)
    assert [path.name for path in out.iterdir()] == ["record.json"], "what was recorded stays"


def test_a_run_that_looked_before_another_recorded_gets_nothing(tmp_path: Path, monkeypatch) -> None:
    """It saw the folder empty; then the other claimed it, wrote its record, and so removed its own claim."""
    real = Path.touch

    def later(path: Path, *arguments: object, **options: object) -> None:
        monkeypatch.setattr(Path, "touch", real)
        write_record(create_session(tmp_path, "run", out), RECORD)
        path.touch(*arguments, **options)  # type: ignore[arg-type]

    out = tmp_path / "s"
    monkeypatch.setattr(Path, "touch", later)
    with pytest.raises(ConfigurationError, match="is not empty"):
        create_session(tmp_path, "run", out)
    assert [path.name for path in out.iterdir()] == ["record.json"]


def _claims(out: Path) -> bool:
    try:
        create_session(out.parent, "run", out)
    except ConfigurationError as error:
        assert "is not empty" in str(error)
        return False
    return True


@pytest.mark.parametrize("existed", [False, True])
def test_of_threads_that_claim_one_folder_at_once_one_gets_it(tmp_path: Path, existed: bool) -> None:
    threads = 4
    for number in range(50):
        out, barrier = tmp_path / str(number), threading.Barrier(threads)
        if existed:
            out.mkdir()
        with ThreadPoolExecutor(threads) as pool:
            claims = list(pool.map(lambda _: (barrier.wait(10), _claims(out))[1], range(threads)))  # noqa: B023
        assert claims.count(True) == 1


def _claim_each(folders: list[Path], barrier: Any, claimed: Any) -> None:
    for out in folders:
        barrier.wait(20)
        claimed.put((out.name, _claims(out)))


def test_of_processes_that_claim_one_folder_at_once_one_gets_it(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    folders, barrier, claimed = [tmp_path / str(n) for n in range(30)], fork.Barrier(2), fork.Queue()
    for folder in folders[:15]:
        folder.mkdir()
    processes = [fork.Process(target=_claim_each, args=(folders, barrier, claimed)) for _ in range(2)]
    for process in processes:
        process.start()
    found = [claimed.get(timeout=30) for _ in range(2 * len(folders))]
    for process in processes:
        process.join(20)
        assert process.exitcode == 0
    assert sorted(name for name, ours in found if ours) == sorted(folder.name for folder in folders)


def test_a_file_is_no_place_for_a_session(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for parent, out in [
        (tmp_path, tmp_path / "file"),
        (tmp_path, tmp_path / "a\0b"),
        (tmp_path / "file", None),
        (tmp_path / "file" / "x", None),
    ]:
        with pytest.raises(ConfigurationError, match="no session folder can be made here"):
            create_session(parent, "run", out)


def test_json_is_canonical() -> None:
    assert (
        json_bytes({"b": 1.0, "a": ["µ", None]})
        == b'{\n  "b": 1.0,\n  "a": [\n    "\xc2\xb5",\n    null\n  ]\n}\n'
    )
    assert json_bytes(RECORD).startswith(b'{\n  "schema": "energy-runner/record/1",\n  "session_id"')


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: float("-inf")}, b"bytes"])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(SessionError, match="cannot be written as JSON"):
        json_bytes([value])


def test_a_document_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"old": 1})
    with pytest.raises(SessionError):
        write_json(tmp_path / "a.json", {"new": float("nan")})
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"old": 1}
    write_json(tmp_path / "a.json", {"new": 2})
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"new": 2}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_document_that_cannot_be_written_is_a_fault_of_the_bench(tmp_path: Path) -> None:
    with pytest.raises(BenchFault, match="cannot be written"):
        write_record(tmp_path / "absent", RECORD)


def test_a_session_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = make_run(period_s=0.01)
    session = run.write(tmp_path / "s")
    assert session.record == run.record
    run.events.insert(3, exchange(7, "dut", "tx", b"name%"))
    session = run.write(tmp_path / "s2")
    assert list(session.journal()) == run.events
    assert list(session.journal(exchanges=False)) == run.events[:3] + run.events[4:]
    assert session.has_trace()
    with session.trace() as trace:
        assert trace.length == len(run.samples[0])
    with pytest.raises(SessionError, match=r"result\.json: cannot be read"):
        session.result()
    result = evaluate(session)
    write_result(session.path, result)
    assert Session.open(session.path).result() == result


def test_a_session_without_trace_says_so(tmp_path: Path) -> None:
    session = make_run(mode="performance").write(tmp_path / "s")
    assert not session.has_trace()
    with pytest.raises(SessionError):
        session.trace()


def test_what_is_no_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="no such session folder") as caught:
        Session.open(tmp_path / "absent")
    assert caught.value.status == ExitStatus.USAGE
    with pytest.raises(SessionError, match=r"not a session folder: it holds no record\.json"):
        Session.open(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"energy-runner/record/1"', '"energy-runner/record/9"', "is of kind 'energy-runner/record/9'"),
        ('"energy-runner/record/1"', '"energy-runner/result/1"', "is of kind 'energy-runner/result/1'"),
        (
            '"energy-runner/record/1"',
            '"energy-runner/record/10"',
            "/10', this version reads 'energy-runner/record/1'",
        ),
        ('"virtual": true', '"virtual": "maybe"', "virtual: Input should be a valid boolean"),
        ('"mode": "energy"', '"mode": "magic"', "run.mode: Input should be"),
        ('"session_id"', '"session"', "session_id: Field required"),
        ("{", "", "document: Invalid JSON"),
    ],
)
def test_a_damaged_record_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    write_record(tmp_path, RECORD)
    text = (tmp_path / "record.json").read_text()
    assert old in text
    (tmp_path / "record.json").write_text(text.replace(old, new, 1))
    with pytest.raises(SessionError, match=r"record\.json") as caught:
        Session.open(tmp_path)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=100))
def test_any_bytes_are_no_record(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "hostile-session"
    folder.mkdir(exist_ok=True)
    (folder / "record.json").write_bytes(data)
    with pytest.raises(SessionError):
        Session.open(folder)


def test_a_record_with_a_name_that_cannot_be_encoded_is_written(tmp_path: Path) -> None:
    record = RECORD.model_copy(update={"reason": "no file a\udcff.bin"})
    write_record(tmp_path, record)
    assert Session.open(tmp_path).record.reason == r"no file a\udcff.bin"


@pytest.mark.parametrize("field", ["virtual", "supply_off_confirmed"])
def test_a_record_that_says_no_in_words_is_refused(tmp_path: Path, field: str) -> None:
    session = make_run(period_s=0.01).write(tmp_path)
    record = json.loads((session.path / "record.json").read_text("utf-8"))
    (session.path / "record.json").write_text(json.dumps(record | {field: "no"}), "utf-8")
    with pytest.raises(SessionError, match=f"{field}: Input should be a valid boolean"):
        Session.open(session.path)


def test_a_file_in_the_place_of_a_session_is_called_a_file(tmp_path: Path) -> None:
    file = tmp_path / "report"
    file.touch()
    for out in (file, file / "deeper"):
        with pytest.raises(ConfigurationError, match=r"report is a file\). Try another"):
            create_session(tmp_path, "x", out)
    (tmp_path / "s").mkdir()
    for name in ("record.json", "report.html"):
        (tmp_path / "s" / name).touch()
    with pytest.raises(SessionError, match=r"no such session folder\. Try: its folder, .*s$"):
        Session.open(tmp_path / "s" / "report.html")
    with pytest.raises(SessionError, match=r"Try: er\.list_sessions"):
        Session.open(tmp_path / "nowhere")
