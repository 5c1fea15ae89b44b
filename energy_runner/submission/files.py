# SPDX-License-Identifier: Apache-2.0
"""Make every file of a submission, by its path.

<division>/<org>/systems/<system>.json, <system>_checklist_DRAFT.md
<division>/<org>/code/<benchmark>/<system>/README.md
<division>/<org>/results/<system>/<benchmark>/{accuracy,performance,energy}/{log.txt,results.txt,results.json}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from energy_runner.submission.checklist import checklist_md, code_readme
from energy_runner.submission.document import results_json
from energy_runner.submission.log import log_txt
from energy_runner.submission.model import Entry, Figure
from energy_runner.submission.results import results_txt


@dataclass(frozen=True)
class Submission:
    """What is to be written: `root` is division and organisation, `banner` the lines that begin every file."""

    root: str
    system: str
    entries: Sequence[Entry]
    figures: dict[str, Figure]
    description: dict[str, str]
    deviations: Sequence[str]
    banner: Sequence[str]


def make_files(submission: Submission) -> dict[str, bytes]:
    """Return the content of every file of the tree."""
    root, system, banner = submission.root, submission.system, submission.banner
    files = {
        f"{root}/systems/{system}.json": _json(submission.description),
        f"{root}/systems/{system}_checklist_DRAFT.md": checklist_md(
            system=system,
            description=submission.description,
            entries=submission.entries,
            figures=list(submission.figures.values()),
            deviations=submission.deviations,
            banner=banner,
        ),
    }
    for entry in submission.entries:
        files[f"{root}/code/{entry.folder}/{system}/README.md"] = code_readme(entry, system, banner)
        for mode, run in entry.runs.items():
            figure = submission.figures[run.name]
            folder = f"{root}/results/{system}/{entry.folder}/{mode}"
            results = results_txt(run, figure, banner)
            files[f"{folder}/results.txt"] = results
            files[f"{folder}/results.json"] = results_json(run, figure, banner)
            files[f"{folder}/log.txt"] = log_txt(run, banner, results)
    return files


def _json(document: dict[str, str]) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode("ascii")
