# SPDX-License-Identifier: Apache-2.0
"""Accuracy mode reads back what it loads: what changed on its way is loaded again, told, and never classified."""

from collections.abc import Callable
from pathlib import Path

import pytest

import energy_runner as er
from energy_runner import api
from energy_runner.bench import build_bench
from energy_runner.errors import ExitStatus
from energy_runner.report.html import render
from energy_runner.report.story import tell
from energy_runner.session import events as ev
from energy_runner.session.folder import Session

LIMIT = 24
Damage = Callable[[bytes], bytes]


def classified(out: Path, damage: dict[str, Damage], *, read_back: bool = True, limit: int = LIMIT) -> Session:
    """A run of the demo network over its first stimuli, with damage on the wires of its UART."""
    bench = build_bench(er.load_bench("virtual-lpm01a"), "accuracy", benchmark="demo-keywords")
    assert bench.twin is not None
    bench.twin.world.faults.corrupt.update(damage)
    plan = er.plan("demo-keywords", "accuracy", read_back=read_back, limit=limit)
    return api.run(bench, plan, out=out)


def once(hit: Callable[[bytes], bool], change: Damage, number: int = 40) -> Damage:
    """Change the burst that is the `number`-th of those that `hit`."""
    seen = 0

    def damage(data: bytes) -> bytes:
        nonlocal seen
        seen += hit(data)
        return change(data) if hit(data) and seen == number else data

    return damage


def every(count: int) -> Damage:
    """Repeat a line every `count`-th time."""
    seen = 0

    def damage(data: bytes) -> bytes:
        nonlocal seen
        seen += 1
        return data + data if seen % count == 0 else data

    return damage


def other_digit(data: bytes) -> bytes:
    at = 20
    return data[:at] + (b"0" if data[at : at + 1] != b"0" else b"f") + data[at + 1 :]


def is_chunk(data: bytes) -> bool:
    return data.startswith(b"db ") and len(data) > 60


def odd(session: Session) -> list[str]:
    return [one.text for one in session.journal().of(ev.Remark) if one.suspicious]


def verdict(session: Session, rule: str):  # type: ignore[no-untyped-def]
    return next(one for one in session.result().verdicts if one.id == rule)


def report(session: Session) -> str:
    return render(tell(session, session.result())).decode()


def test_one_digit_that_changes_on_its_way_is_loaded_again_and_told(tmp_path: Path) -> None:
    session = classified(tmp_path / "s", {"host>dut": once(is_chunk, other_digit)})
    assert (session.result().accuracy.value, session.result().valid) == (100.0, True)
    told = odd(session)
    assert len(told) == 2  # it was read twice, in case only the answer was damaged
    assert all("read back: byte " in one and "of 490 differs" in one for one in told)
    assert verdict(session, "inputs-read-back").measured == f"{LIMIT} of {LIMIT} inputs"
    assert verdict(session, "events-agree").passed
    assert f"{LIMIT} of {LIMIT}, byte for byte" in report(session)


def test_without_reading_back_the_verdict_and_the_report_say_what_is_not_proven(tmp_path: Path) -> None:
    session = classified(tmp_path / "s", {"host>dut": once(is_chunk, other_digit)}, read_back=False)
    found = verdict(session, "inputs-read-back")
    assert (found.passed, found.binding, found.measured) == (False, True, f"0 of {LIMIT} inputs")
    assert found.note == "not proven that the DUT saw what the files hold"
    assert api.exit_status(session) is ExitStatus.RULE_FAILED
    assert f"none of {LIMIT}: not proven that the DUT saw what the files hold" in report(session)
    suite = er.check(session, ["inputs-read-back"], rule_set="mlperf-tiny-1.4")
    assert [(one.passed, one.binding) for one in suite] == [(False, False)]
    remarks = [one.text for one in session.journal().of(ev.Remark)]
    assert "nothing is read back: not proven that the DUT sees what the files hold" in remarks


@pytest.mark.parametrize("wire", ["host>dut", "dut>host"])
def test_a_line_that_comes_twice_now_and_then_changes_no_answer(tmp_path: Path, wire: str) -> None:
    session = classified(tmp_path / "s", {wire: every(120)})
    result = session.result()
    assert (result.accuracy.value, result.valid) == (100.0, True)
    assert len(odd(session)) >= 3
    assert verdict(session, "inputs-read-back").passed
    assert verdict(session, "events-agree").passed


def test_a_line_that_damages_every_load_ends_the_run(tmp_path: Path) -> None:
    session = classified(tmp_path / "s", {"host>dut": lambda data: other_digit(data) if is_chunk(data) else data})
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    assert "after loading it 3 times" in session.record.reason
    assert not list(session.journal().of(ev.StimulusLoaded))


def test_what_reading_back_costs_is_said_after_the_first_input(tmp_path: Path) -> None:
    session = classified(tmp_path / "s", {}, limit=2)
    phases = [one.detail for one in session.journal().of(ev.Phase) if one.name == "classify"]
    assert phases == ["2 inputs", "2 inputs in about 0.7 s, 0.37 s of it to read them back"]
    remarks = [one for one in session.journal().of(ev.Remark) if "reading all 2 inputs back" in one.text]
    assert [one.suspicious for one in remarks] == [False]
