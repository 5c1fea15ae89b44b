# SPDX-License-Identifier: Apache-2.0
"""Check what must not be mixed in a submission: firmware, stimuli, systems, twins with hardware."""

from collections.abc import Sequence

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.submission.model import Entry, Run
from energy_runner.submission.names import plain_ascii

_STATED = {"model_string", "input_bytes", "classes", "metric", "target", "stride_bytes"}


def check_together(entries: Sequence[Entry], *, windows: int, simulated: bool) -> None:
    """Raise `ConfigurationError` for sessions that do not make a submission together.

    Each timed run needs as many different stimuli as there are `windows`. With `simulated` all sessions must be of
    virtual benches, without it none.
    """
    for entry in entries:
        _check_definition(entry)
        _check_firmware(entry)
        _check_stimuli(entry, windows)
    runs = [run for entry in entries for run in entry.runs.values()]
    _check_one_system(runs)
    names = {entry.benchmark.id for entry in entries}
    if "ic02" in names and "ic01" not in names:
        raise ConfigurationError("ic02 may only be submitted together with ic01. Try: add the sessions of ic01")
    _check_simulated(runs[0], simulated=simulated)


def _check_definition(entry: Entry) -> None:
    benchmark = entry.benchmark
    for run in entry.runs.values():
        facts = run.session.record.benchmark.model_dump(include=_STATED)
        wrong = [key for key in sorted(_STATED) if facts[key] != getattr(benchmark, key)]
        if wrong:
            raise ConfigurationError(
                f"{run.session.path}: used another definition of {benchmark.id} ({', '.join(wrong)} differ)"
            )


def _check_firmware(entry: Entry) -> None:
    accuracy = entry.runs["accuracy"]
    for run in entry.runs.values():
        if run.firmware != accuracy.firmware:
            raise ConfigurationError(
                f"{run.session.path} and {accuracy.session.path} are of different firmware: "
                f"{plain_ascii(run.firmware)} and {plain_ascii(accuracy.firmware)}"
            )


def _check_stimuli(entry: Entry, windows: int) -> None:
    accuracy = entry.runs["accuracy"]
    timed = [run for mode, run in entry.runs.items() if mode != "accuracy"]
    for run in timed:
        if len(run.stimuli) != windows:
            raise ConfigurationError(
                f"{run.session.path}: {len(run.stimuli)} different stimuli were measured, but a submission needs "
                f"all {windows}"
            )
        if run.stimuli != timed[0].stimuli:
            raise ConfigurationError(f"{run.session.path} and {timed[0].session.path} used different stimuli")
        if not run.stimuli <= accuracy.stimuli:
            raise ConfigurationError(
                f"{run.session.path}: its stimuli are not among those of {accuracy.session.path}"
            )


def _check_one_system(runs: Sequence[Run]) -> None:
    virtual = [run for run in runs if run.virtual]
    if virtual and len(virtual) < len(runs):
        real = next(run for run in runs if not run.virtual)
        raise ConfigurationError(
            f"{virtual[0].session.path} is simulated and {real.session.path} is not; they cannot be mixed"
        )
    first = runs[0]
    for run in runs[1:]:
        if run.firmware.name != first.firmware.name:
            raise ConfigurationError(
                f"{run.session.path} is of the DUT {run.firmware.name[:60]!a}, "
                f"{first.session.path} of {first.firmware.name[:60]!a}; an export is for one system"
            )


def _check_simulated(first: Run, *, simulated: bool) -> None:
    if first.virtual and not simulated:
        raise ConfigurationError(
            f"{first.session.path}: is of a virtual bench, and simulated runs cannot be submitted. Try ",
            Argument("simulated", "True"),
            " to rehearse: every file then says SIMULATED",
        )
    if simulated and not first.virtual:
        raise ConfigurationError(
            f"{first.session.path}: was measured on hardware. Try without ", Argument("simulated")
        )
