# SPDX-License-Identifier: Apache-2.0
"""What locks and notes may not keep from happening: a supply is switched off, and none is forgotten."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from energy_runner.bench import lock
from energy_runner.bench.lock import lock_bench
from energy_runner.bench.note import Note, read_note
from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import BenchFault

PSU, METER, RELAY = "TCPIP0::10.0.0.7::5025::SOCKET", "TCPIP0::10.0.0.8::5025::SOCKET", "/dev/ttyS91"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: tmp_path / "state")
    return tmp_path / "state"


def bench(supply: str | None, sampler: str) -> BenchSpec:
    """Return a bench whose DUT is fed by one instrument, or from outside, and sampled by another."""
    ports = {"sampler": sampler} | ({"psu": supply} if supply not in (None, sampler) else {})
    named = {supply: "psu", sampler: "sampler"}
    return BenchSpec.model_validate(
        {
            "name": "x",
            "instruments": {name: {"driver": "ngu", "port": port} for name, port in ports.items()},
            "roles": {"sampler": "sampler"} | ({"supply": named[supply]} if supply is not None else {}),
            "supply": {"voltage_v": 3.0},
            "io_manager": {"port": RELAY},
        }
    )


def died_on(spec: BenchSpec) -> str | None:
    with lock_bench(spec, "a look") as held:
        return held.died


def no_folder(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.parent.joinpath("file").touch()
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: state.parent / "file" / "state")


def no_home(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: Path("~/.local/state"))


def no_lock(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (state / "instruments/gate.lock").mkdir(parents=True)


def file_system_without_locks(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise NotImplementedError("no flock here")

    monkeypatch.setattr(FileLock, "acquire", refused)


def gate_held(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_GATE_S", 0.01)
    (state / "instruments").mkdir(parents=True)
    gate = FileLock(state / "instruments/gate.lock")
    gate.acquire()
    monkeypatch.setattr(lock, "_gate_of_somebody_else", gate, raising=False)  # it is released when it is forgotten


def note_cannot_be_written(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)


@pytest.mark.parametrize(
    "trouble", [no_folder, no_home, no_lock, file_system_without_locks, gate_held, note_cannot_be_written]
)
def test_who_only_switches_off_goes_on_without_locks_and_nobody_else(
    trouble: Callable[[Path, pytest.MonkeyPatch], None], state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(state.parent)
    trouble(state, monkeypatch)
    doubts: list[str] = []
    with lock_bench(bench(PSU, METER), "bench off", doubts.append) as held:
        held.supply_is_off()
    assert len(doubts) == 1
    assert doubts[0].startswith("bench 'x' cannot be locked (")
    with (
        pytest.raises(BenchFault, match=r"bench 'x' cannot be locked \(.*\)\. Try: "),
        lock_bench(bench(PSU, METER), "a run"),
    ):
        pass
    assert not (state.parent / "~").exists()


def test_without_locks_nobody_knows_who_has_died(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_folder(state, monkeypatch)
    with lock_bench(bench(PSU, METER), "the watchdog", lambda why: None) as held:
        assert held.unlocked


def test_a_note_that_cannot_be_written_at_the_end_still_names_the_job(state: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, lock_bench(bench(PSU, METER), "session A") as held:
        held.supply_may_be_on()
        note_cannot_be_written(state, patch)
    assert died_on(bench(PSU, METER)) == "session A"


# --- damaged notes ----------------------------------------------------------------------------------------

DEEP, HUGE = "[" * 60_000, '{"doing": "' + "x" * 100_000 + '"}'


@pytest.mark.parametrize("text", [DEEP, HUGE, '{"doing": null, "supplies": 3}', "1" * 5000])
def test_a_damaged_note_is_a_job_of_its_own(text: str, tmp_path: Path) -> None:
    (tmp_path / "note.json").write_text(text)
    assert read_note(tmp_path / "note.json").open == ("an earlier run whose note cannot be read",)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("folder", "pipe", "link"):
        assert read_note(tmp_path / name).doing == "an earlier run whose note cannot be read"


def test_a_write_that_fails_leaves_the_note_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = Note(tmp_path / "note.json")
    note.write("session A", ())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left")))
        with pytest.raises(OSError, match="No space"):
            note.write("session B", ("session A",))
    assert read_note(note.path).open == ("session A",)


# --- whose supply is confirmed off ------------------------------------------------------------------------


def die_on(spec: BenchSpec, doing: str = "session A") -> None:
    with lock_bench(spec, doing) as held:
        held.supply_may_be_on(doing)


@pytest.mark.parametrize("other", [bench("TCPIP0::10.0.0.9::5025::SOCKET", PSU), bench(None, PSU)])
def test_another_supply_on_the_same_instruments_confirms_nothing(other: BenchSpec) -> None:
    """What fed the DUT samples now, and another instrument feeds it."""
    die_on(bench(PSU, METER))
    with lock_bench(other, "session B") as held:
        assert held.died == "session A"
        held.supply_is_off()
    assert died_on(other) == "session A"
    with lock_bench(bench(PSU, METER), "bench off") as held:
        held.supply_is_off()
    assert died_on(bench(PSU, METER)) is None


def test_the_note_of_a_job_without_a_supply_goes_with_the_next_job() -> None:
    die_on(bench(None, METER))
    with lock_bench(bench(None, METER), "session B") as held:
        assert held.died == "session A"
        held.supply_is_off()
    assert died_on(bench(None, METER)) is None


def test_a_note_elsewhere_goes_once_the_supply_is_confirmed_off_again() -> None:
    die_on(bench(PSU, METER))
    with lock_bench(bench(PSU, PSU), "bench off") as held:
        held.supply_is_off()
    with lock_bench(bench(PSU, METER), "session B") as held:
        held.supply_is_off()
    assert died_on(bench(PSU, METER)) is None
