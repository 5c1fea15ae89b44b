# SPDX-License-Identifier: Apache-2.0
"""Export sessions as a submission that the official MLPerf Tiny checker accepts.

The stages follow each other: the sessions are sorted, judged and compared with each other; then come the figures,
the system description and the files, and last the tree on disk. Whatever is refused is refused before anything is
written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.submission.description import System, describe
from energy_runner.submission.figures import figure_of
from energy_runner.submission.files import Submission, make_files
from energy_runner.submission.judge import judge
from energy_runner.submission.model import Figure
from energy_runner.submission.names import check_name
from energy_runner.submission.remarks import remarks_on
from energy_runner.submission.sessions import sort_sessions
from energy_runner.submission.system import read_form
from energy_runner.submission.together import check_together
from energy_runner.submission.tree import write_tree
from energy_runner.submission.verdicts import check_targets, tolerated

DIVISIONS = ("closed", "open")
SIMULATED = "SIMULATED: a virtual bench made these figures, no hardware was measured"


@dataclass(frozen=True)
class ExportOptions:
    """What to export, where to, and under which names.

    `division` "open" and each rule in `despite` let failed rules pass, and the export says so. `category` is the
    system's availability, if the form leaves it open. `simulated` is needed for sessions of virtual benches.
    `rule_set` is the name or the file of the rule set to judge by; None for the default.
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
    rule_set: str | Path | None = None


@dataclass(frozen=True)
class Export:
    """What was written: the files below `out`, the figures in them, the failed rules, and remarks."""

    out: Path
    files: tuple[str, ...]
    figures: tuple[Figure, ...]
    deviations: tuple[str, ...]
    remarks: tuple[str, ...]
    simulated: bool


def export_mlperf(options: ExportOptions) -> Export:
    """Write the submission tree and return what was written.

    Raises `ConfigurationError` for names, forms and sessions that do not make a submission, and `RulesFailedError`
    for failed rules that are not excused. Nothing is written then. Raises `SessionError` for a session that cannot
    be read.
    """
    check_name("org", options.org)
    check_name("system", options.system)
    if options.division not in DIVISIONS:
        raise ConfigurationError(
            Argument("division", ascii(options.division[:60])), f" is not one of {', '.join(DIVISIONS)}"
        )
    form = read_form(options.system_file)
    judged = judge(sort_sessions(options.sessions), options.rule_set)
    entries = judged.entries
    check_together(entries, windows=judged.windows, simulated=options.simulated)
    runs = [run for entry in entries for run in entry.runs.values()]
    deviations = [deviation.text for deviation in tolerated(runs, options.division, options.despite)]
    figures = {run.name: figure_of(run) for run in runs}
    system = System(options.org, options.division, options.system_file, form, options.category, options.simulated)
    description = describe(system, runs, deviations)
    if options.division == "closed":
        check_targets(entries, figures)
    submission = Submission(
        root=f"{options.division}/{options.org}",
        system=options.system,
        entries=entries,
        figures=figures,
        description=description.values,
        deviations=deviations,
        banner=[
            *[SIMULATED] * options.simulated,
            *judged.notes,
            *(f"NOTE exported despite {text}" for text in deviations),
        ],
    )
    files = make_files(submission)
    results = f"{submission.root}/results/{options.system}"
    write_tree(options.out, files, owned=[results], outside=options.sessions)
    return Export(
        out=options.out,
        files=tuple(files),
        figures=tuple(figures.values()),
        deviations=tuple(deviations),
        remarks=(*description.remarks, *remarks_on(entries, options.despite)),
        simulated=options.simulated,
    )
