"""Export sessions as a submission that the official MLPerf Tiny checker accepts, and that says what it is.

The tree, below the folder that the user names:

    <division>/<org>/systems/<system>.json, <system>_checklist_DRAFT.md
    <division>/<org>/code/<benchmark>/<system>/README.md
    <division>/<org>/results/<system>/<benchmark>/{accuracy,performance,energy}/{log.txt,results.txt,results.json}

Every figure is derived from the sessions' facts again, by the rules of today; a result.json is not believed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.errors import ConfigurationError
from energy_runner.rules import DEFAULT, RuleSet, load_rule_set
from energy_runner.session.events import BoxIdentified, VoltageMeasured
from energy_runner.submission.cases import Entry, Run, gather_entries
from energy_runner.submission.checklist import checklist_md, code_readme
from energy_runner.submission.document import results_json
from energy_runner.submission.log import log_txt
from energy_runner.submission.names import check_name, quotable, sentence
from energy_runner.submission.system import STATUSES, check_form, read_form, system_json
from energy_runner.submission.text import Figure, figure_of, results_txt
from energy_runner.submission.tree import write_tree
from energy_runner.submission.verdicts import tolerated

DIVISIONS = ("closed", "open")
SIMULATED = "SIMULATED: a virtual bench made these figures, no hardware was measured"


@dataclass(frozen=True)
class ExportOptions:
    """What to export, where to, and under whose name.

    `division` "open" and each rule in `despite` let failed rules pass, and the export says so. `category` is the
    system's availability, if the form does not tell. `simulated` is needed for sessions of virtual benches.
    `rule_set` is the name or the file of the rule set that judges.
    """

    sessions: Sequence[Path]
    out: Path
    org: str
    system: str
    system_file: Path
    division: str = "closed"
    category: str | None = None
    despite: Sequence[str] = ()
    simulated: bool = False
    rule_set: str | Path = DEFAULT


@dataclass(frozen=True)
class Export:
    """What was written: files below `out`, the figures in them, failed rules, and what else to know."""

    out: Path
    files: tuple[str, ...]
    figures: tuple[Figure, ...]
    deviations: tuple[str, ...]
    remarks: tuple[str, ...]
    simulated: bool


@dataclass
class _Plan:
    """The export as far as it is decided."""

    options: ExportOptions
    entries: list[Entry]
    figures: dict[str, Figure]
    deviations: list[str]
    form: dict[str, str]
    rules: RuleSet
    remarks: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        return f"{self.options.division}/{self.options.org}"

    @property
    def banner(self) -> list[str]:
        """Return what every file says first."""
        told = [SIMULATED] if self.options.simulated else []
        if self.rules.sha256 is not None:
            told.append(f"NOTE judged by the rule set '{self.rules.id}', a file (SHA-256 {self.rules.sha256})")
        return told + [f"NOTE exported despite {deviation}" for deviation in self.deviations]


def export_mlperf(options: ExportOptions) -> Export:
    """Write the submission tree and return what was written.

    Raises `ConfigurationError` for names, forms and sessions that do not make a submission, `RulesFailedError` for
    failed rules that nobody excused; nothing is written then.
    """
    check_name("--org", options.org)
    check_name("--system", options.system)
    if options.division not in DIVISIONS:
        raise ConfigurationError(f"--division {options.division[:60]!a} is none of {', '.join(DIVISIONS)}")
    form = read_form(options.system_file)
    rules = load_rule_set(options.rule_set)
    entries = gather_entries(options.sessions, rules)
    _check_simulated(options, entries)
    deviations = [deviation.text for deviation in tolerated(entries, options.division, options.despite)]
    figures = {run.name: figure_of(run) for run in _runs(entries)}
    plan = _Plan(options, entries, figures, deviations, form, rules)
    _settle_status(plan)
    check_form(form, options.system_file)
    if options.division == "closed":
        _check_targets(plan)
    _remark(plan)
    files = _files(plan)
    _refuse_inside(options)
    results = f"{plan.root}/results/{options.system}"
    write_tree(options.out, files, owned=[results])
    return Export(
        out=options.out,
        files=tuple(files),
        figures=tuple(figures.values()),
        deviations=tuple(deviations),
        remarks=tuple(plan.remarks),
        simulated=options.simulated,
    )


def _runs(entries: Sequence[Entry]) -> list[Run]:
    return [run for entry in entries for run in entry.runs.values()]


# --- decisions ------------------------------------------------------------------------------------------


def _check_simulated(options: ExportOptions, entries: Sequence[Entry]) -> None:
    first = _runs(entries)[0]
    if first.virtual and not options.simulated:
        raise ConfigurationError(
            f"{first.session.path}: is of a virtual bench, and nothing simulated can be submitted. "
            "Try --simulated to rehearse: every file then says SIMULATED"
        )
    if options.simulated and not first.virtual:
        raise ConfigurationError(f"{first.session.path}: was measured on hardware. Try without --simulated")


def _settle_status(plan: _Plan) -> None:
    """Fill in the system's availability from form and option; what is simulated can only be RDI."""
    options, said = plan.options, plan.form["status"].lower()
    wanted = (options.category or "").lower()
    if wanted and wanted not in STATUSES:
        raise ConfigurationError(f"--category {wanted[:60]!a} is none of {', '.join(STATUSES)}")
    if wanted and said and said != wanted:
        raise ConfigurationError(f"--category {wanted}, but {options.system_file} has status {said!a}")
    if options.simulated:
        if wanted not in {"", "rdi"}:
            raise ConfigurationError(f"--category {wanted}: nothing simulated is {wanted}. Try --category rdi")
        if said not in {"", "rdi"}:
            plan.remarks.append(f"status is rdi and not {said}, because the sessions are simulated")
        plan.form["status"] = "rdi"
    elif wanted:
        plan.form["status"] = wanted


def _check_targets(plan: _Plan) -> None:
    """Refuse what the checker refuses in the closed division, whatever rules are excused."""
    for entry in plan.entries:
        figure = plan.figures[entry.runs["accuracy"].name]
        if figure.value < entry.benchmark.target:
            raise ConfigurationError(
                f"{figure.run}: {figure.text} is below the target {entry.benchmark.target:g}, which the official "
                "checker refuses in the closed division. Try --open"
            )


def _remark(plan: _Plan) -> None:
    failed = {verdict.id for run in _runs(plan.entries) for verdict in run.failed}
    unused = [rule for rule in dict.fromkeys(plan.options.despite) if rule not in failed]
    if unused:
        plan.remarks.append(f"not needed, for it failed nowhere: --despite {', '.join(unused)}")
    for entry in plan.entries:
        if "energy" not in entry.runs:
            plan.remarks.append(f"{entry.benchmark.id}: no energy session was named, so no energy is submitted")
        if entry.benchmark.id == "ic02":
            plan.remarks.append("the checker knows ic2 from v1.4 on; its v1.3 refuses the folder")


def _refuse_inside(options: ExportOptions) -> None:
    """Refuse to write into a session, whose folder is a record of facts."""
    out = options.out.resolve()
    for path in options.sessions:
        if out.is_relative_to(path.resolve()):
            raise ConfigurationError(f"{options.out}: is inside the session {path}. Try another --out")


# --- files ----------------------------------------------------------------------------------------------


def _files(plan: _Plan) -> dict[str, bytes]:
    """Return every file of the tree, by its path."""
    system, root, banner = plan.options.system, plan.root, plan.banner
    description = _description(plan)
    files = {
        f"{root}/systems/{system}.json": _json(description),
        f"{root}/systems/{system}_checklist_DRAFT.md": checklist_md(
            system=system,
            description=description,
            entries=plan.entries,
            figures=list(plan.figures.values()),
            deviations=plan.deviations,
            banner=banner,
        ),
    }
    for entry in plan.entries:
        files[f"{root}/code/{entry.folder}/{system}/README.md"] = code_readme(entry, system, banner)
        for mode, run in entry.runs.items():
            figure = plan.figures[run.name]
            folder = f"{root}/results/{system}/{entry.folder}/{mode}"
            results = results_txt(run, figure, banner)
            files[f"{folder}/results.txt"] = results
            files[f"{folder}/results.json"] = results_json(run, figure, banner)
            files[f"{folder}/log.txt"] = log_txt(run, banner, results)
    return files


def _description(plan: _Plan) -> dict[str, str]:
    """Return the system description, with what the form has no place for in its notes."""
    form, runs = dict(plan.form), _runs(plan.entries)
    measured = dict.fromkeys(_measured_with(run) for run in runs if run.mode == "energy")
    software = dict.fromkeys(f"measured with {quotable(run.session.record.software)}" for run in runs)
    excused = [f"exported despite {quotable(deviation)}" for deviation in plan.deviations]
    told = ["SIMULATED"] if plan.options.simulated else []
    form["hardware_notes"] = sentence([*told, form["hardware_notes"], *measured])
    form["software_notes"] = sentence([*told, form["software_notes"], *software, *excused])
    if plan.options.simulated:
        form["board_name"] = f"SIMULATED {form['board_name']}"
    return system_json(form, plan.options.org, plan.options.division)


def _measured_with(run: Run) -> str:
    """Return monitor and supply of an energy run: the official form has no field for either."""
    events = run.session.journal(exchanges=False)
    sampler = run.facts.monitor.sampler if run.facts.monitor is not None else "monitor"
    boxes = [e.identity for e in events if isinstance(e, BoxIdentified) and e.box == sampler]
    volts = [e.voltage_v for e in events if isinstance(e, VoltageMeasured)]
    parts = [str(boxes[0].get(key) or "") for key in ("make", "model", "serial", "firmware")] if boxes else []
    words = ["energy by", *(part for part in parts if part)] if any(parts) else ["energy by a monitor not named"]
    if run.facts.monitor is not None:
        words.append(f"at {run.facts.monitor.voltage_set_v:g} V set")
    if volts:
        words.append(f"({min(volts):.4g} V measured)")
    return quotable(" ".join(words))


def _json(document: dict[str, str]) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode("ascii")
