# SPDX-License-Identifier: Apache-2.0
"""The section of findings lists a few of very many, and says how many others there are."""

from types import SimpleNamespace

from energy_runner.analysis.facts import gather
from energy_runner.report.sections.check import findings
from energy_runner.session import events as ev

MANY = 5000


def section(*events: ev.AnyEvent) -> str:
    steps = [event for event in events if isinstance(event, ev.TearDownStep)]
    story = SimpleNamespace(result=SimpleNamespace(findings=[]), facts=gather(events), tear_down=steps)
    return str(findings(story))


def remark(text: str, *, suspicious: bool = True) -> ev.Remark:
    return ev.Remark(t_ns=1, box="monitor", text=text, suspicious=suspicious)


def test_repeated_odd_messages_are_one_line_with_their_number() -> None:
    shown = section(*(remark("noise") for _ in range(MANY)), remark("other"), remark("fine", suspicious=False))
    assert "monitor: noise (5,000 times)" in shown
    assert "monitor: other" in shown
    assert "fine" not in shown
    assert len(shown) < 2000


def test_different_odd_messages_are_listed_up_to_fifty() -> None:
    shown = section(*(remark(f"message {number}") for number in range(MANY)))
    assert shown.count("monitor: message") == 50
    assert "and 4,950 more: see the journal" in shown


def test_a_message_without_end_is_cut() -> None:
    assert len(section(remark("x" * 1_000_000))) < 3000


def test_ten_problems_are_shown_in_full() -> None:
    made = [ev.Problem(t_ns=1, error="BenchFault", asked=f"ask {k}", came="x" * 5000) for k in range(MANY)]
    shown = section(*made)
    assert shown.count("BenchFault") == 10
    assert "and 4,990 more: see the journal" in shown
    assert len(shown) < 30_000


def test_failed_steps_of_the_tear_down_are_counted() -> None:
    shown = section(*(ev.TearDownStep(t_ns=1, name="off", error="it failed") for _ in range(MANY)))
    assert "off: it failed (5,000 times)" in shown
