# SPDX-License-Identifier: Apache-2.0
"""The system description that the official tools read: the filled-in form, with what the sessions say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.submission.model import Run
from energy_runner.submission.names import is_text, quotable, sentence
from energy_runner.submission.system import fields

_STATUSES = {"available": "Available", "preview": "Preview", "rdi": "RDI"}


@dataclass(frozen=True)
class System:
    """Under which names a system is exported, and what is known of it.

    `form` is the content of the file `system_file`. `category` is the system's availability, if the form leaves it
    open.
    """

    org: str
    division: str
    system_file: Path
    form: dict[str, str]
    category: str | None
    simulated: bool


@dataclass(frozen=True)
class Description:
    """The description by its official names, in the order of their template, and remarks on it."""

    values: dict[str, str]
    remarks: list[str] = field(default_factory=list)


def describe(system: System, runs: Sequence[Run], deviations: Sequence[str]) -> Description:
    """Return the description; what the form has no field for goes into its notes.

    Raises `ConfigurationError` for an incomplete form, or one that the official tools would misread.
    """
    status, remarks = _status(system)
    form = system.form | {"status": status}
    _check(form, system.system_file)
    measured = dict.fromkeys(_measured_with(run) for run in runs if run.mode == "energy")
    software = dict.fromkeys(f"measured with {quotable(run.session.record.software)}" for run in runs)
    excused = [f"exported despite {quotable(deviation)}" for deviation in deviations]
    marked = ["SIMULATED"] if system.simulated else []
    form["hardware_notes"] = sentence([*marked, form["hardware_notes"], *measured])
    form["software_notes"] = sentence([*marked, form["software_notes"], *software, *excused])
    if system.simulated:
        form["board_name"] = f"SIMULATED {form['board_name']}"
    named = {line.name: form[line.key] for line in fields()}
    named["Status"] = _STATUSES[status.lower()]
    return Description({"Submitter": system.org, "Division": system.division.capitalize(), **named}, remarks)


def _status(system: System) -> tuple[str, list[str]]:
    """Return the system's availability by form and option, with remarks; a simulated system can only be RDI."""
    said, wanted = system.form["status"].lower(), (system.category or "").lower()
    if wanted and wanted not in _STATUSES:
        raise ConfigurationError(
            Argument("category", ascii(wanted[:60])), f" is not one of {', '.join(_STATUSES)}"
        )
    if wanted and said and said != wanted:
        raise ConfigurationError(Argument("category", wanted), f", but {system.system_file} has status {said!a}")
    if not system.simulated:
        return wanted or system.form["status"], []
    if wanted not in {"", "rdi"}:
        raise ConfigurationError(
            Argument("category", wanted),
            f": a simulated system is not {wanted}. Try ",
            Argument("category", "rdi"),
        )
    if said in {"", "rdi"}:
        return "rdi", []
    return "rdi", [f"status is rdi, not {said}, because the sessions are simulated"]


def _check(form: dict[str, str], path: Path) -> None:
    """Raise a `ConfigurationError` that lists every mandatory key still empty, or says what is wrong."""
    missing = [line.key for line in fields() if line.mandatory and not form[line.key]]
    if missing:
        also = (" (status may also be given with ", Argument("category"), ")") if "status" in missing else ()
        raise ConfigurationError(f"{path}: still empty: {', '.join(missing)}", *also)
    if form["status"].lower() not in _STATUSES:
        raise ConfigurationError(f"{path}: status: {form['status']!a} is not one of {', '.join(_STATUSES)}")
    if not is_text(form["board_name"]):
        raise ConfigurationError(
            f"{path}: board_name: {form['board_name']!a} is read as a number or an empty cell by the "
            "final report. Try the board's full name"
        )


def _measured_with(run: Run) -> str:
    """Return the monitor and supply voltage of an energy run: the official form has no field for either."""
    words = ["energy by", *run.monitor] if run.monitor else ["energy by an unidentified monitor"]
    if run.voltage_set_v is not None:
        words.append(f"at {run.voltage_set_v:g} V set")
    if run.voltages_v:
        words.append(f"({min(run.voltages_v):.4g} V measured)")
    return quotable(" ".join(words))
