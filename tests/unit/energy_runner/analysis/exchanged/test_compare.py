# SPDX-License-Identifier: Apache-2.0
"""Every event that was derived from exchanged bytes is held against them, read again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from energy_runner.analysis.exchanged.compare import compare_exchange
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.evidence import ExchangeCheck
from energy_runner.session.journal import exchange, exchanged_bytes
from tests.support.bent_runs import FAST, Change, monitor
from tests.support.exchanged import with_exchange
from tests.support.synthetic import Run, Setup, make_run

SMALL = Setup(period_s=0.01, windows=3, stimuli=4)
HALF_S = 500_000_000
LATE = 3_000_000_000


def compared(run: Run, folder: Path) -> ExchangeCheck:
    check = compare_exchange(run.write(folder / "s"))
    assert check is not None
    return check


def bent(kind: type[ev.Event], number: int, **update: object) -> Change:
    """Change one event of a kind after its bytes were exchanged."""
    return lambda run: run.change(kind, lambda n, e: e.model_copy(update=update) if n == number else e)


def moved(name: str, by_ns: int) -> Change:
    """Move a time of the second window, which is inference 2."""

    def move(number: int, event: ev.AnyEvent) -> ev.AnyEvent:
        return event.model_copy(update={name: getattr(event, name) + by_ns}) if number == 2 else event

    return lambda run: run.change(ev.InferenceDone, move)


def on_the_link(old: str, new: str) -> Change:
    """Replace a text in the exchanged bytes."""

    def replace(_: int, event: ev.Exchange) -> ev.Exchange:
        data = exchanged_bytes(event).replace(old.encode(), new.encode())
        return exchange(event.t_ns, event.box, event.direction, data)

    return lambda run: run.change(ev.Exchange, replace)


@pytest.mark.parametrize("relay", [True, False])
@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_a_run_agrees_with_its_bytes(tmp_path: Path, relay: bool, mode: str) -> None:
    check = compared(with_exchange(make_run(FAST, mode=mode, laps=relay), relay=relay), tmp_path)
    assert (check.contradictions, check.first) == (0, "")
    assert check.compared > 60
    assert check.warmups_said == [1] * 5


BENDS: list[tuple[Change, str]] = [
    (bent(ev.DutBooted, 0, timestamp_mode="performance"), "boot: timestamps performance by the journal, energy"),
    (bent(ev.DutIdentified, 0, name="other"), "the DUT's answers: name other by the journal, vendor on"),
    (bent(ev.DutIdentified, 0, profile="firmware 2"), "profile firmware 2 by the journal, firmware 1 on the link"),
    (bent(ev.DutIdentified, 0, model="ic01"), "model ic01 by the journal, kws01 on the link"),
    (bent(ev.InferenceDone, 2, inferences=200), "window 2: inferences 200 by the journal, 100 on the link"),
    (bent(ev.InferenceDone, 2, warmups=10), "window 2: warm-ups 10 by the journal, 1 on the link"),
    (bent(ev.InferenceDone, 2, results=[0.5]), "window 2: results (0.5,) by the journal, (0.0, 0.0"),
    (bent(ev.InferenceDone, 2, dut_laps_us=[7]), "window 2: laps in µs [7] by the journal, [] on the link"),
    (bent(ev.InferenceDone, 2, stimulus=3), "window 2: stimulus and offset (3, 0) by the journal, (1, 0)"),
    (bent(ev.InferenceDone, 0, inferences=9), "stimulus 0 (trial): inferences 9 by the journal, 8 on the link"),
    (moved("sent_ns", 1), "window 2: time of its command in ns"),
    (moved("sent_ns", -LATE), "window 2: time of its command in ns"),
    (moved("start_line_ns", -1), "window 2: time of its first line in ns"),
    (moved("start_line_ns", LATE), "window 2: time of its first line in ns"),
    (moved("done_line_ns", -1), "window 2: time of its last line in ns"),
    (moved("done_line_ns", LATE), "window 2: time of its last line in ns"),
    (bent(ev.StimulusLoaded, 1, size=491), "stimulus_1.bin from byte 0: size in bytes 491 by the journal, 490 on"),
    (bent(ev.StimulusLoaded, 1, sha256="0" * 64), "stimulus_1.bin from byte 0: SHA-256 0000"),
    (on_the_link("m-warmup-start-1", "m-warmup-start-0"), "(trial): warm-ups begun 1 by the journal, 0 on the"),
    (on_the_link("m-infer-start-100", "m-infer-start-50"), "window 1: inferences begun 100 by the journal, 50 on"),
    (on_the_link("m-infer-start-100", ""), "window 1: inferences begun 100 by the journal, nothing on the link"),
    (on_the_link("infer 100 1", "infer 10 1"), "window 1: inferences 100 by the journal, 10 on the link"),
    (on_the_link("infer 100 1", "results"), "window 1: inferences 100 by the journal, no command on the link"),
    (on_the_link("db 0708", "db 0709"), "stimulus_1.bin from byte 0: SHA-256"),
    (
        on_the_link("m-buffer-07-08", "m-buffer-07-09"),
        "read back and equal by the journal, read back and different",
    ),
    (on_the_link("db print", "results"), "read back and equal by the journal, not read back on the link"),
]


@pytest.mark.parametrize(("change", "words"), BENDS, ids=[words for _, words in BENDS])
def test_what_the_bytes_do_not_say_is_found_and_named(tmp_path: Path, change: Change, words: str) -> None:
    check = compared(change(with_exchange(make_run(SMALL))), tmp_path)
    assert check.contradictions > 0
    assert words in check.first


@pytest.mark.parametrize(
    "change",
    [moved("sent_ns", -HALF_S), moved("start_line_ns", HALF_S), moved("done_line_ns", HALF_S)],
)
def test_a_busy_host_dates_its_lines_a_little_later(tmp_path: Path, change: Change) -> None:
    assert compared(change(with_exchange(make_run(SMALL))), tmp_path).contradictions == 0


def test_a_forged_file_in_the_record_is_found(tmp_path: Path) -> None:
    run = with_exchange(make_run(SMALL))
    stimuli = [*run.record.stimuli]
    stimuli[2] = stimuli[2].model_copy(update={"sha256": "f" * 64})
    run.record = run.record.model_copy(update={"stimuli": stimuli})
    assert "stimulus_2.bin of the record: SHA-256 ffff" in compared(run, tmp_path).first


# --- laps of the IO manager -----------------------------------------------------------------------------


def by_laps(change: Change = lambda run: run) -> Run:
    return change(with_exchange(make_run(SMALL, laps=True), relay=True))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (bent(ev.LapCaptured, 4, lap_us=17), "an edge: lap in µs 17 by the journal, no such lap on the link"),
        (lambda run: run.drop(ev.LapCaptured, [4]), "an edge: lap in µs nothing by the journal, "),
    ],
)
def test_a_lap_that_was_bent_or_left_out_is_found(tmp_path: Path, change: Change, words: str) -> None:
    assert words in compared(by_laps(change), tmp_path).first


def test_laps_of_an_earlier_run_are_none_of_this_one(tmp_path: Path) -> None:
    assert compared(by_laps(lambda run: run.drop(ev.LapCaptured, [0, 1])), tmp_path).contradictions == 0


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("commands", "first"),
    [
        ("volt 1800m\nfreq 100\n", ""),
        ("volt 0m\nvolt 1801m\n", ""),
        ("volt 3000m\n", "the monitor's settings: voltage in V 1.8 by the journal, 3.0 on the link"),
        ("freq 1k\n", "the monitor's settings: sample period in s 0.01 by the journal, 0.001 on the link"),
        ("VOLT 1.8,(@1)\nVOLT:PROT:REM 3.3,(@1)\nSENS:ELOG:PER 1E-2,(@1)\nVOLT 0,(@1)\n", ""),
        ("VOLT 3.3,(@1)\n", "the monitor's settings: voltage in V 1.8 by the journal, 3.3 on the link"),
        ("SENS:ELOG:PER 2E-5,(@1)\n", "the monitor's settings: sample period in s 0.01 by the journal, 2e-05 on"),
    ],
)
def test_what_a_monitor_was_set_to_is_what_the_commands_say(tmp_path: Path, commands: str, first: str) -> None:
    run = with_exchange(make_run(SMALL))
    run.events.insert(1, exchange(run.events[0].t_ns, "monitor", "tx", commands.encode()))
    check = compared(run, tmp_path)
    assert check.first.startswith(first)
    assert bool(check.contradictions) == bool(first)


def beside(run: Run, before: type[ev.Event], number: int, *lines: tuple[str, str]) -> Run:
    """Let lines pass the link of a monitor right before an event."""
    at = [k for k, event in enumerate(run.events) if isinstance(event, before)][number]
    passed = [exchange(run.events[at].t_ns, "monitor", way, text.encode()) for way, text in lines]  # type: ignore[arg-type]
    run.events[at:at] = passed
    return run


@pytest.mark.parametrize("on", ["pwr on nostatus\n", "OUTP ON,(@1)\n", "OUTP 1\n"])
@pytest.mark.parametrize("off", ["pwr off\n", "OUTP OFF,(@1)\n", "OUTP:STAT 0,(@1)\n", "OUTP:GEN 0\n"])
def test_a_supply_is_as_it_was_switched_last(tmp_path: Path, on: str, off: str) -> None:
    run = beside(with_exchange(make_run(SMALL)), ev.SupplySwitched, 0, ("tx", off + on))
    assert compared(beside(run, ev.SupplySwitched, 1, ("tx", off)), tmp_path / "good").contradictions == 0
    never = beside(with_exchange(make_run(SMALL)), ev.SupplySwitched, 0, ("tx", off + on))
    assert compared(never, tmp_path / "bad").first == "the supply: switched off by the journal, on on the link"


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (("Maker,P1,7,1.2\r\n",), ""),
        (("Maker,P1,", "7,1.2\n", "other\n"), ""),
        (("Maker,P1,8,1.2\n",), "the identity of monitor: serial 7 by the journal, Maker,P1,8,1.2 on the link"),
        (
            ("Maker,P1,7,2.0\n",),
            "the identity of monitor: firmware 1.2 by the journal, Maker,P1,7,2.0 on the link",
        ),
    ],
)
def test_an_instrument_is_who_it_said_it_is(tmp_path: Path, answer: tuple[str, ...], first: str) -> None:
    run = with_exchange(monitor()(make_run(SMALL)))
    beside(run, ev.DeviceIdentified, 0, ("rx", "noise\n"), ("tx", "*IDN?\n"), *(("rx", text) for text in answer))
    check = compared(run, tmp_path)
    assert (check.first, check.contradictions) == (first, int(bool(first)))


# --- what has nothing to compare ------------------------------------------------------------------------


def test_a_session_without_bytes_cannot_be_judged(tmp_path: Path) -> None:
    session = make_run(FAST).write(tmp_path / "s")
    assert compare_exchange(session) is None
    result = evaluate(session)
    verdict = next(one for one in result.verdicts if one.id == "events-agree")
    assert (verdict.known, verdict.binding, result.valid) == (False, False, True)


@pytest.mark.parametrize("noise", [b"\xff" * 20_000, b"m-infer-start-7\r\n" * 3, b"m-ready\r\n"])
def test_noise_between_the_answers_changes_nothing(tmp_path: Path, noise: bytes) -> None:
    run = with_exchange(make_run(SMALL))
    at = next(k for k, event in enumerate(run.events) if isinstance(event, ev.StimulusLoaded)) + 1
    run.events.insert(at, exchange(run.events[at].t_ns, "dut", "rx", noise + b"\r\n"))
    assert compared(run, tmp_path).contradictions == 0


FIGURE: dict[str, Callable[[object], object]] = {
    "energy": lambda result: result.energy_per_inference_j,  # type: ignore[attr-defined]
    "performance": lambda result: result.throughput_per_s,  # type: ignore[attr-defined]
    "accuracy": lambda result: result.accuracy.value,  # type: ignore[attr-defined]
}


@pytest.mark.parametrize("mode", FIGURE)
def test_a_contradiction_makes_the_run_invalid_and_withholds_its_figure(tmp_path: Path, mode: str) -> None:
    for number, change in enumerate((lambda run: run, bent(ev.InferenceDone, 2, results=[1.5]))):
        result = evaluate(change(with_exchange(make_run(SMALL, mode=mode))).write(tmp_path / str(number)))
        verdict = next(one for one in result.verdicts if one.id == "events-agree")
        assert (verdict.known, verdict.passed, verdict.binding) == (True, not number, True)
        assert (FIGURE[mode](result) is None) is bool(number)
        assert bool(number) is ("exchange-contradicts" in {one.id for one in result.findings})
    assert "results (1.5,) by the journal" in verdict.note
