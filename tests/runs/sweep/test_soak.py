# SPDX-License-Identifier: Apache-2.0
"""A short night under brutal faults keeps every promise; `scripts/soak` runs nights of twelve virtual hours."""

import json
import shutil
import signal
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec, patch

import pytest

from energy_runner.session.folder import Session, write_record, write_result
from instruments.clock import NS_PER_S, RealClock
from tests.support.soak.checks import CHECKS, Evidence, complaints, figures_of
from tests.support.soak.ills import ILLS, Health
from tests.support.soak.log import Log
from tests.support.soak.night import WATCHDOG_S, Life, Night, _awake, night
from tests.support.soak.rates import RATES
from tests.support.soak.run import most_beyond
from tests.support.soak.scene import scene

SEED = 5

pytestmark = pytest.mark.deep(together=True)


@pytest.fixture(scope="module")
def brutal(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Return a night of a virtual hour with faults; it forks workers, which a process with threads must not do."""
    folder = tmp_path_factory.mktemp("soak")
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(night, scene(SEED, RATES["brutal"], 1.0, folder, benches=1)).result()


@pytest.fixture
def copied(brutal: Night, tmp_path: Path) -> Night:
    """Return a copy of that night, to break a promise in."""
    folder = tmp_path / "night"
    shutil.copytree(brutal.scene.folder, folder, symlinks=True)
    # What the catalogue says of sessions leads into the copy.
    changed = replace(brutal.scene, folder=folder)
    lives = {
        name: replace(
            one,
            log=Log(changed.of_bench(name) / "log.jsonl"),
            near=replace(one.near, folder=changed.of_bench(name)),
        )
        for name, one in brutal.lives.items()
    }
    return replace(brutal, scene=changed, lives=lives, complaints=[])


def test_a_brutal_night_keeps_every_promise(brutal: Night) -> None:
    assert complaints(brutal) == []
    figures = figures_of(brutal)
    assert figures.faults > 1
    assert figures.deaths > 0
    assert figures.done > 1
    assert figures.hours > 0.5
    assert figures.beyond == 0


def test_the_share_beyond_is_five_percent_and_some_chance() -> None:
    assert [round(most_beyond(benches), 2) for benches in (0, 1, 28, 1000)] == [0, 0.49, 3.71, 63.78]


# --- each promise can be broken ---------------------------------------------------------------------------------


def sql(done: Night, statement: str, *given: Any) -> None:
    connection = sqlite3.connect(done.scene.catalogue)
    with connection:
        assert connection.execute(statement, given).rowcount > 0
    connection.close()


def of_a_point(done: Night) -> tuple[int, Session]:
    """Return a point that is done and valid, and its session."""
    seen = Evidence(done)
    row = next(row for row in seen.rows if row.kind == "point" and row.valid and row.session)
    return row.number, seen.sessions[row.session or ""]


def left_on_for_ever(done: Night) -> None:
    Health(done.scene.of_bench("left") / "health.json").leave(powered=True)


def left_on_by_the_dead(done: Night) -> None:
    left_on_for_ever(done)
    done.lives["left"].log.say("death", how="power cut", in_use=True)


def noted_in_vain(done: Night) -> None:
    done.lives["left"].near.leave_note()


def measured_again(done: Night) -> None:
    """Let another session of a point be there, which counts as well."""
    number, session = of_a_point(done)
    facts = session.record.sweep
    assert facts is not None
    again = session.path.with_name(f"{session.path.name}-again")
    shutil.copytree(session.path, again)
    write_record(again, session.record.model_copy(update={"sweep": facts.model_copy(update={"epoch": 77})}))
    sql(
        done,
        "INSERT INTO attempt (sweep, number, epoch, bench, worker, outcome, valid, accepted, session, reason, "
        "steps) VALUES (?, ?, 77, 'left', 'w', 'completed', 1, 1, ?, '', '[]')",
        done.sweep,
        number,
        again.name,
    )


def unknown_session(done: Night) -> None:
    measured_again(done)
    sql(done, "DELETE FROM attempt WHERE epoch = 77")


def in_two_rows(done: Night) -> None:
    number, session = of_a_point(done)
    row = next(one for one in Evidence(done).rows if one.state == "done" and one.number != number)
    sql(
        done,
        "UPDATE point SET session = ?, row = (SELECT row FROM point WHERE number = ?) WHERE number = ?",
        session.path.name,
        number,
        row.number,
    )


def not_sealed(done: Night) -> None:
    journal = of_a_point(done)[1].path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b"\n")


def without_session(done: Night) -> None:
    shutil.rmtree(of_a_point(done)[1].path)


def other_energy(done: Night) -> None:
    number, _ = of_a_point(done)
    sql(done, "UPDATE point SET row = json_set(row, '$.energy_j', 1.0) WHERE number = ?", number)


def far_off(done: Night, by: float = 3.0) -> None:
    _, session = of_a_point(done)
    result = session.result()
    score = result.energy_per_inference_j
    assert score is not None
    moved = score.model_copy(update={"median": score.median + by * score.U})
    write_result(session.path, result.model_copy(update={"energy_per_inference_j": moved}))


def other_note(done: Night) -> None:
    number, _ = of_a_point(done)
    for note in done.scene.sweeps.rglob(f"*-p{number:05d}-*.attempt.json"):
        note.write_text(json.dumps({**json.loads(note.read_text()), "state": "waiting"}))


def state(state: str, reason: str, done: Night) -> None:
    sql(done, "UPDATE point SET state = ?, reason = ? WHERE number = ?", state, reason, of_a_point(done)[0])


def said(what: str, done: Night, **facts: Any) -> None:
    done.lives["left"].log.say(what, **facts)


BROKEN: dict[str, tuple[str, Callable[[Night], object], str]] = {
    "hang": ("_went_wrong", lambda done: done.complaints.append("no sign of life"), "no sign of life"),
    "attempt": ("_went_wrong", partial(said, "attempt", complaints=["the port is open"]), "the port is open"),
    "lost": ("_lost_or_doubled", partial(state, "waiting", ""), "is left, and left ended as finished"),
    "running": ("_lost_or_doubled", partial(state, "running", ""), "in progress although the night is over"),
    "no reason": ("_lost_or_doubled", partial(state, "set-aside", ""), "set aside without a reason"),
    "gone": ("_lost_or_doubled", lambda done: sql(done, "DELETE FROM point WHERE number = 1"), "the table has"),
    "twice": ("_measured_twice", measured_again, "2 valid sessions that count"),
    "unknown": ("_measured_twice", unknown_session, "is no attempt of the catalogue"),
    "two rows": ("_rows_without_session", in_two_rows, "stands in 2 rows"),
    "seal": ("_rows_without_session", not_sealed, "ended as completed"),
    "no session": ("_rows_without_session", without_session, "and there is no session"),
    "energy": ("_rows_without_session", other_energy, "its row is not what session"),
    "far": ("_beyond", far_off, "is valid, and wrong by"),
    "long": ("_too_long", partial(said, "attempt", out="x", virtual_s=2000.0), "x took 2000 s of virtual time"),
    "long step": ("_too_long", partial(said, "step", step="x", virtual_s=300.0), "x took 300 s of virtual time"),
    "rebuilt": ("_rebuilt_otherwise", other_note, "not in a catalogue made again"),
    "on": ("_left_powered", left_on_for_ever, "the next job on the bench will not know"),
    "died": ("_left_powered", left_on_by_the_dead, "since a worker died, and nothing has switched it off"),
    "note": ("_left_powered", noted_in_vain, "the supply is off, and the note says"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_promise_is_seen(case: str, copied: Night) -> None:
    check, bend, words = BROKEN[case]
    named = next(one for one in CHECKS if one.__name__ == check)
    bend(copied)
    assert any(words in text for text in named(Evidence(copied)))


def test_every_promise_has_a_case() -> None:
    assert {check for check, _, _ in BROKEN.values()} == {check.__name__ for check in CHECKS}


def test_an_energy_within_one_and_a_half_u_is_counted_and_no_complaint(copied: Night) -> None:
    before = figures_of(copied).beyond
    seen = Evidence(copied)
    error = seen.errors[of_a_point(copied)[1].path.name]
    far_off(copied, (1.2 if error.error > 0 else -1.2) - error.error / error.expanded)
    assert figures_of(copied).beyond == before + 1
    assert not list(next(one for one in CHECKS if one.__name__ == "_beyond")(Evidence(copied)))


def test_a_worker_that_hangs_is_seen_and_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr("tests.support.soak.night.os.kill", lambda pid, number: killed.append(number))
    life = Life("left", Log(tmp_path / "log.jsonl"), near=None, pid=4711)  # type: ignore[arg-type]
    done = Night(scene(1, RATES["none"], 1.0, tmp_path), "s", {"left": life})
    clock = create_autospec(RealClock, instance=True)
    for now_s in (0, 500, *range(501, 501 + int(WATCHDOG_S))):  # it stands still as a whole at first
        assert killed == []
        clock.now_ns.return_value = now_s * NS_PER_S
        _awake(done, life, clock)
    assert killed == [signal.SIGKILL]
    assert len(done.complaints) == 1


def test_bench_off_that_leaves_the_supply_on_is_seen(copied: Night) -> None:
    left_on_for_ever(copied)
    with patch("tests.support.soak.checks.job_done"):
        found = list(next(one for one in CHECKS if one.__name__ == "_left_powered")(Evidence(copied)))
    assert any("after bench off the supply is on" in text for text in found)


def test_every_illness_needs_an_instrument_of_a_bench_or_none() -> None:
    assert {ill.needs for ill in ILLS.values()} == {"", "io-manager", "monitor"}
