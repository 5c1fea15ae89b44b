# SPDX-License-Identifier: Apache-2.0
"""`bench doctor` and `bench off`: print what an examination finds, or what confirmed that the supply is off."""

from dataclasses import asdict
from pathlib import Path

from energy_runner import api
from energy_runner.cli.outcome import say as tell
from energy_runner.cli.output import write, write_json, write_line
from energy_runner.director.examination import DIED, SUPPLY_ANSWERS, Examined, who
from energy_runner.errors import ExitStatus


def doctor_command(name: str, keep: Path | None, *, as_json: bool) -> int:
    """Examine a bench and say what is wrong with it."""
    said: list[Examined] = []

    def say(step: Examined) -> None:
        said.append(step)
        write_line(f"{'ok  ' if step.ok else 'FAIL'}  {step.step}: {step.says}")

    examination = api.examine_bench(name, listener=tell_of_supply if as_json else say, keep=keep)
    if as_json:
        steps = [asdict(step) for step in examination.steps]
        write_json(
            {
                "bench": examination.bench,
                "virtual": examination.virtual,
                "well": examination.well,
                "findings": steps,
                "edge_delay": _delay(examination),
            }
        )
    else:
        for step in examination.steps[len(said) :]:  # a terminal that stood still for a while
            say(step)
        write("All is well.\n" if examination.well else "Something is wrong; see the lines with FAIL.\n")
    return ExitStatus.VALID if examination.well else ExitStatus.BENCH_FAULT


def _delay(examination: api.Examination) -> dict[str, float | int | str] | None:
    """Return the measured delay of the edges among the samples; None if there is none."""
    checked = examination.edge_delay
    if checked is None or checked.found is None:
        return None
    found = checked.found
    return {"delay_s": found.delay_s, "u_s": found.u_s, "n": found.count, "by": checked.by}


def tell_of_supply(step: Examined) -> None:
    """Print on stderr what a person at the bench must know at once; with `--json`, stdout holds one document."""
    if step.step in (DIED, SUPPLY_ANSWERS):
        tell(f"{step.step}: {step.says}")


def off_command(name: str) -> int:
    """Switch the supply off and print which instrument confirmed it."""
    identity, _ = api.switch_bench_off(name, say=write_line)
    said = f"The supply is off (confirmed by {who(identity)})."
    try:
        write_line(said)
    except OSError:  # stdout goes to a full disk: the user learns it on stderr
        tell(said)
        raise
    return ExitStatus.VALID
