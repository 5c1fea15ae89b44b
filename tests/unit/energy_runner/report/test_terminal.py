# SPDX-License-Identifier: Apache-2.0
"""The summary in the terminal: what it says, on which terminals, and with hostile text in it."""

import io
import os
import subprocess
import sys

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.report.console import console, shown, writes_signs
from energy_runner.report.terminal import print_session, print_verdicts, summary
from energy_runner.report.units import DASH
from energy_runner.session.folder import write_result
from energy_runner.session.result import Finding, Verdict
from tests.support.report_sessions import accuracy_session, energy_session, performance_session

PASSED = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")
FAILED = Verdict(id="no-loss", passed=False, measured=7, limit=0, clause="No loss.", note="window 3 lost 7")
NOTED = Verdict(id="spread", passed=False, binding=False, measured=0.01, limit=0.005, clause="Small spread.")
HOSTILE = "[red]evil[/red] \x1b[2J\x1b]0;pwned\x07 \u202e /etc"


def told(session, verdicts=(PASSED,), *, encoding="utf-8", width=80, every=False, **changes):
    result = analyze(session).with_verdicts(list(verdicts)).model_copy(update=changes)
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding, newline="\n", write_through=True)
    out = console(stream)
    out.width = width
    summary(result, out, record=session.record, report=session.path / "report.html", every=every)
    return buffer.getvalue().decode(encoding)


def test_a_valid_result_in_a_few_lines(tmp_path):
    text = told(energy_session(tmp_path))
    assert "1689 µJ per inference ± 33 µJ (k = 1.69)" in text
    assert "VALID  the binding rule passed" in text
    assert "✓  1 rule passed (--all shows them)" in text
    assert "five-windows" not in text
    assert "input_004.bin" in text
    assert "1682.861" in text
    assert f"Report  {tmp_path}/energy/report.html" in text
    assert max(len(line) for line in text.splitlines() if "Report" not in line) <= 80
    assert "VIRTUAL" not in text


def test_a_virtual_result_says_so(tmp_path):
    text = told(energy_session(tmp_path, change={"virtual": True}))
    assert f"VIRTUAL BENCH {DASH} simulated, not a measurement of hardware" in text


def test_the_headline_is_what_stands_on_the_last_screen(tmp_path):
    session = energy_session(tmp_path, change={"virtual": True})
    findings = [Finding(id="odd", detail="x" * 60, window=k) for k in range(5)]
    screen = told(session, [PASSED] * 20 + [NOTED, FAILED], findings=findings).splitlines()[-23:]
    *_, result, lacks, verdict, virtual, _, report = screen
    assert "1689 µJ per inference" in result
    assert "clock of the monitor" in lacks  # this session's uncertainty is incomplete
    assert "NOT VALID" in verdict
    assert "VIRTUAL BENCH" in virtual
    assert report.startswith("Report  ")


def test_a_whole_energy_result_fits_on_a_screen(tmp_path):
    text = told(energy_session(tmp_path, change={"virtual": True}), [PASSED] * 20 + [NOTED] * 3)
    assert len(text.splitlines()) <= 23  # of 24, the last one has the prompt
    assert "✓  20 rules passed (--all shows them)" in text
    assert text.index("20 rules passed") < text.index("1689 µJ per inference")


def test_all_shows_every_rule_and_finding(tmp_path):
    findings = [Finding(id="odd", detail=f"number {k}", window=k % 5) for k in range(30)]
    text = told(energy_session(tmp_path), [PASSED, NOTED], findings=findings, every=True)
    assert "✓  five-windows" in text
    assert "number 29" in text
    assert "--all" not in text


def test_what_follows_from_the_score_stands_above_it(tmp_path):
    text = told(energy_session(tmp_path))
    assert "energy-delay product 84.5 ± 1.7" in text
    assert text.index(" inferences per second") < text.index("energy-delay product") < text.index("1689 µJ")
    assert "energy-delay product" not in told(performance_session(tmp_path))


def test_failed_rules_come_first_and_say_why(tmp_path):
    text = told(energy_session(tmp_path, lost=7), [PASSED, NOTED, FAILED], every=True)
    assert "NOT VALID  1 rule failed of 3" in text
    assert text.index("✗  no-loss") < text.index("!  spread") < text.index("✓  five-windows")
    assert "7 (limit 0); window 3 lost 7" in text


def test_without_a_score_the_reason_is_given(tmp_path):
    session = energy_session(tmp_path, change={"outcome": "bench-fault", "reason": "the monitor went silent"})
    text = told(session, [FAILED], energy_per_inference_j=None, outcome="bench-fault")
    assert "No score" in text
    assert "the monitor went silent" in " ".join(text.replace("│", " ").split())


def test_a_supply_that_may_be_on_is_told_first(tmp_path):
    session = energy_session(tmp_path, change={"supply_off_confirmed": False})
    assert "THE SUPPLY MAY STILL BE ON" in told(session)
    assert "MAY STILL BE ON" not in told(energy_session(tmp_path, name="off"))


def test_many_findings_are_cut_and_counted(tmp_path):
    findings = [Finding(id="odd", detail=f"number {k}", window=k % 5) for k in range(30)]
    text = told(energy_session(tmp_path), findings=findings)
    assert "odd (window 2): number 1" in text
    assert "and 22 more" in text


def test_the_other_modes(tmp_path):
    assert "19.9960 ± 0.0052 inferences per second" in told(performance_session(tmp_path))
    assert "90.0 % Top-1 accuracy (target 90.0 %)" in told(accuracy_session(tmp_path))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437"])
def test_where_the_signs_are_missing_plain_letters_stand_in(tmp_path, encoding):
    text = told(energy_session(tmp_path), [PASSED, FAILED], encoding=encoding, every=True)
    assert text.isascii()
    assert "1689 uJ per inference +/- 33 uJ (k = 1.69)" in text
    assert "ok    five-windows" in text
    assert "FAIL  no-loss" in text


def test_hostile_text_neither_acts_on_the_terminal_nor_styles_it(tmp_path):
    session = energy_session(tmp_path)
    evil = Verdict(id=HOSTILE, passed=False, measured=HOSTILE, limit=HOSTILE, clause=HOSTILE, note=HOSTILE)
    findings = [Finding(id=HOSTILE, detail=HOSTILE)]
    windows = [w.model_copy(update={"file": HOSTILE}) for w in analyze(session).windows]
    text = told(session, [evil], findings=findings, windows=windows, width=200)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "[red]evil[/red] \\x1b[2J" in text


@pytest.mark.parametrize("width", [20, 40, 60])
def test_a_narrow_terminal_loses_no_figure(tmp_path, width):
    text = told(energy_session(tmp_path), width=width, every=True)
    assert "five-windows" in text.replace("\n", "")
    assert "1689" in text


def test_shown_keeps_what_the_encoding_has():
    out = console(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert writes_signs(out)
    assert shown("5\u202fµJ \u6e2c", out) == "5 µJ \u6e2c"
    plain = console(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert not writes_signs(plain)
    assert shown("5\u202fµJ \u6e2c", plain) == "5 uJ \\u6e2c"


def test_print_session_prints_what_is_in_the_folder(tmp_path, capsys):
    session = energy_session(tmp_path)
    write_result(session.path, analyze(session).with_verdicts([PASSED]))
    print_session(session)
    assert "1689" in capsys.readouterr().out
    print_verdicts([PASSED, FAILED])
    assert "no-loss" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error():
    program = (
        "from energy_runner.report.terminal import print_verdicts\n"
        "from energy_runner.session.result import Verdict\n"
        "v = Verdict(id='x' * 50, passed=True, measured=1, limit=1, clause='c')\n"
        "print_verdicts([v] * 3000)\n"
        "raise SystemExit(3)\n"
    )
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", program], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (3, b"")
