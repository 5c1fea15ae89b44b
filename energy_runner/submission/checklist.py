# SPDX-License-Identifier: Apache-2.0
"""The draft of the submission checklist, and the note that holds the place of the code until it is added."""

from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template

from energy_runner.submission.figures import uncertainty_of
from energy_runner.submission.model import Entry, Figure, Run
from energy_runner.submission.names import plain_ascii

_NAMES = {"% Top 1": "% Top 1", "AUC": "area under the ROC curve"}


def checklist_md(
    *,
    system: str,
    description: dict[str, str],
    entries: Sequence[Entry],
    figures: Sequence[Figure],
    deviations: Sequence[str],
    banner: Sequence[str],
) -> bytes:
    """Return the checklist with every answer that the sessions give; the others are left open for a person.

    `description` is the system description by its official names.
    """
    runs = [run for entry in entries for run in entry.runs.values()]
    lists = {
        "figures": _items(
            f"{figure.run}: {figure.text} {_NAMES.get(figure.unit, figure.unit)}{_uncertainty(run)}"
            for figure, run in zip(figures, runs, strict=True)
        ),
        "deviations": _items(deviations) if deviations else "None: every binding rule passed.",
        "todo": _items(_todo(entries)),
    }
    return _filled(
        "checklist.md",
        banner,
        lists,
        org=description["Submitter"],
        system=system,
        board=description["Board Name"],
        division=description["Division"],
        status=description["Status"],
        benchmarks=", ".join(f"{entry.folder} ({entry.benchmark.task})" for entry in entries),
        dut_name=runs[0].firmware.name,
        software=", ".join(sorted({run.session.record.software for run in runs})),
        whole=", ".join(f"{entry.benchmark.id} {_whole(entry)}" for entry in entries),
        quantization=description["Quantization Method"],
        framework=description["Inference Framework"],
    )


def code_readme(entry: Entry, system: str, banner: Sequence[str]) -> bytes:
    """Return the note in code/ that says what belongs there, with the DUT's own answers."""
    firmware, task = entry.runs["accuracy"].firmware, entry.benchmark.task
    return _filled(
        "code_readme.md",
        banner,
        task=task,
        system=system,
        dut_name=firmware.name,
        profile=firmware.profile,
        model=firmware.model,
    )


def _filled(template: str, banner: Sequence[str], lists: dict[str, str] | None = None, **answers: str) -> bytes:
    file = resources.files("energy_runner.submission").joinpath("templates", template)
    text = Template(file.read_text("utf-8"))
    # One line each, whatever a device or a form said; `lists` were made here.
    shown = {key: plain_ascii(answer, 1000) for key, answer in answers.items()}
    heading = "".join(f"**{line}**\n\n" for line in banner)
    return text.substitute(shown, **(lists or {}), banner=heading).encode("ascii")


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"- {plain_ascii(line, 1000)}" for line in lines)


def _uncertainty(run: Run) -> str:
    return "".join(f". {line}" for line in uncertainty_of(run))


def _whole(entry: Entry) -> str:
    accuracy = entry.runs["accuracy"].result.accuracy
    done = accuracy.stimuli if accuracy is not None else 0
    whole = done in entry.label_files
    return f"yes ({done})" if whole else f"NO ({done} of {' or '.join(map(str, entry.label_files))})"


def _todo(entries: Sequence[Entry]) -> list[str]:
    todo = ["the sources or libraries, in code/ (a README.md in each folder says which)"]
    if any("energy" in entry.runs for entry in entries):
        todo.append("Energy-Hookup.pdf in systems/: a picture of the wiring, supply and level shifters")
    return [*todo, "the official checklist of the round in systems/, filled in from this draft and signed"]
