# SPDX-License-Identifier: Apache-2.0
"""Commands of the user's own to the DUT: over every route, in every mode, and what goes wrong with them."""

from dataclasses import replace
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.analysis.exchanged.compare import compare_exchange
from energy_runner.director.preparation import prepared
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session import events as ev
from energy_runner.session.journal import read_journal
from instruments.devices.dut.twin_profile import STATIC_SHARE
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

BENCHES = Path(FOUR_INSTRUMENTS).parent
# The DUT behind an IO manager, on a port of its own, and behind an interface board.
ROUTES = ("virtual-lpm01a", FOUR_INSTRUMENTS, str(BENCHES / "interface-board-sees-edges.toml"))
HALF = "clock 40000000"


def ran(bench, folder: Path, *commands: str, mode="energy", inferences=24):
    plan = small_plan(folder / "stimuli", mode, inferences=inferences)
    return er.run(bench, replace(plan, preparation=prepared(commands=commands)), out=folder / "s", report=False)


def of(session, kind):
    return [event for event in session.journal() if isinstance(event, kind)]


@pytest.mark.parametrize("name", ROUTES, ids=lambda name: Path(name).stem)
def test_commands_are_sent_before_the_first_stimulus_and_recorded(name: str, tmp_path: Path) -> None:
    session = ran(twin_bench(name), tmp_path, HALF, "help")
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.run.commands == [HALF, "help"]
    told = of(session, ev.DutCommanded)
    assert [one.command for one in told] == [HALF, "help"]
    assert told[0].answer == ["m-clock-[40000000]"]
    assert len(told[1].answer) > 10
    kinds = [event.kind for event in session.journal() if event.kind != "exchange"]
    assert kinds.index("dut-identified") < kinds.index("dut-commanded") < kinds.index("stimulus-loaded")
    check = session.result().exchange
    assert check is not None
    assert (check.contradictions, check.first) == (0, "")


def test_half_the_clock_takes_twice_the_time_and_the_power_of_the_closed_form(tmp_path: Path) -> None:
    def measured(*commands: str):
        (tmp_path / str(len(commands))).mkdir()
        session = ran(twin_bench("virtual-ideal"), tmp_path / str(len(commands)), *commands, inferences=200)
        return session.record.truth[0]

    whole, half = measured(), measured(HALF)
    times_s = [one.stop_s - one.start_s for one in (whole, half)]
    assert times_s[1] / times_s[0] == pytest.approx(2.0, rel=2e-3)  # the pin is held for a millisecond in both
    power = (half.energy_j / times_s[1]) / (whole.energy_j / times_s[0])
    assert power == pytest.approx(STATIC_SHARE + (1.0 - STATIC_SHARE) / 2.0, rel=2e-3)


def test_a_power_cycle_forgets_them_and_the_next_run_sends_its_own(tmp_path: Path) -> None:
    bench = twin_bench("virtual-lpm01a")

    def window_s(number: int, *commands: str) -> float:
        (tmp_path / str(number)).mkdir()
        session = ran(bench, tmp_path / str(number), *commands, inferences=200)
        done = next(one for one in of(session, ev.InferenceDone) if one.purpose == "window")
        return (done.done_line_ns - done.start_line_ns) / 1e9

    first, second, third = window_s(1, HALF), window_s(2), window_s(3, HALF)
    assert second == pytest.approx(first / 2.0, rel=0.02)
    assert third == pytest.approx(first, rel=0.02)


@pytest.mark.parametrize("mode", ["performance", "accuracy"])
def test_they_are_sent_in_every_mode(mode: str, tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a", mode), tmp_path, HALF, mode=mode)
    assert session.record.outcome == "completed", session.record.reason
    assert [one.command for one in of(session, ev.DutCommanded)] == [HALF]


def test_a_run_without_them_says_nothing_of_them(tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a"), tmp_path)
    assert '"commands"' not in (session.path / "record.json").read_text("utf-8")
    assert of(session, ev.DutCommanded) == []


@pytest.mark.parametrize("name", ROUTES, ids=lambda name: Path(name).stem)
@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("turbo on", "send 'turbo on' to the DUT: e-[Unknown command: turbo]. Try: see in the source"),
        ("clock 1", "send 'clock 1' to the DUT: e-[There is 1000000 to 160000000 Hz]"),
    ],
)
def test_an_error_is_a_bench_fault_that_names_command_and_answer(name, command, words, tmp_path) -> None:
    bench = twin_bench(name)
    session = ran(bench, tmp_path, HALF, command)
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    assert words in session.record.reason
    assert session.record.supply_off_confirmed
    assert not bench.twin.world.powered
    assert len(of(session, ev.DutCommanded)) == 1  # the one before it


@pytest.mark.parametrize("name", ROUTES, ids=lambda name: Path(name).stem)
def test_silence_is_a_bench_fault_that_names_the_command(name: str, tmp_path: Path) -> None:
    bench = twin_bench(name)

    def fall_silent(data: bytes) -> bytes:
        if b"clock" in data:
            bench.twin.world.faults.silent.add("dut")
        return data

    for wire in ("io>dut", "host>dut"):
        bench.twin.world.faults.corrupt[wire] = fall_silent
    session = ran(bench, tmp_path, HALF)
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    assert HALF in session.record.reason
    assert session.record.supply_off_confirmed


def test_an_answer_that_the_journal_states_otherwise_is_found(tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a"), tmp_path, HALF)
    path = session.path / "journal.jsonl"
    text = path.read_text("utf-8")
    changed = text.replace('"answer":["m-clock-[40000000]"]', '"answer":["m-clock-[80000000]"]')
    assert changed != text
    path.write_text(changed, "utf-8")
    check = compare_exchange(session)
    assert check is not None
    assert check.contradictions == 1
    assert "the command 'clock 40000000': answer" in check.first
    path.write_text(text.replace('"command":"clock 40000000"', '"command":"clock 50000000"'), "utf-8")
    check = compare_exchange(session)
    assert check is not None
    assert "a command: text clock 50000000 by the journal, clock 40000000 on the link" in check.first


@pytest.mark.parametrize("command", ["version", "dut name", "tm 0", "record_detections"])
def test_a_command_that_is_called_like_one_of_a_manager_is_the_duts(command: str, tmp_path: Path) -> None:
    """On a port of the DUT's own: what comes after it is still read as the DUT's."""
    session = ran(twin_bench(FOUR_INSTRUMENTS), tmp_path, command)
    assert f"e-[Unknown command: {command.split(maxsplit=1)[0]}]" in session.record.reason
    path = session.path / "journal.jsonl"
    said = [one for one in read_journal(path, exchanges=False) if isinstance(one, ev.Problem)]
    assert len(said) == 1


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ("clock 1", "must be a list of texts"),
        ([80], "must be a list of texts"),
        (["infer 5"], "the run sends this by itself"),
        ([" db load 4"], "the run sends this by itself"),
        (["clock 80000000%"], "without its end mark"),
        (["clock\n1"], "without its end mark"),
        ([""], "1 to 80 characters"),
        (["x" * 81], "1 to 80 characters"),
    ],
)
def test_a_plan_with_what_is_no_command_is_refused(commands, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        er.plan("demo-keywords", commands=commands)
    assert "commands" in str(caught.value)
