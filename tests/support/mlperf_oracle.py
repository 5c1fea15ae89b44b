# SPDX-License-Identifier: Apache-2.0
"""What the official submission checker looks at, written again from its description, to judge exported trees.

Version 1.4 knows ic2, which needs ic beside it; everything else here is the same in 1.3.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

TARGETS = {"ad": ("auc", 0.85), "ic": ("top1", 85.0), "kws": ("top1", 90.0), "vww": ("top1", 80.0)}
NEW_IN_1_4 = {"ic2": ("top1", 91.0)}
FILES = {"log.txt", "results.txt", "results.json"}
_NUMBER = r"([\d.]+)"
# An accuracy or throughput needs something and a blank before it, an energy may begin its line.
ACCURACY = {
    "top1": re.compile(r".* Top[- ]1%?\s?[:=] " + _NUMBER),
    "auc": re.compile(r".* AUC\s?[:=] " + _NUMBER),
}
THROUGHPUT = re.compile(r".* Median throughput is\s+" + _NUMBER + r" inf\./sec\.")
ENERGY = re.compile(r"Median energy cost is " + _NUMBER + " uJ/inf")


@dataclass
class Row:
    """What the checker takes from one benchmark of one system."""

    accuracy: float
    throughput: float
    energy: float | None
    system: dict[str, str]


@dataclass
class Reading:
    """All rows by (division, organisation, system, benchmark), and everything that is wrong."""

    rows: dict[tuple[str, str, str, str], Row] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def read_tree(root: Path, version: str = "v1.4") -> Reading:
    """Read a submission as the checker does, and complain about more than it does."""
    reading = Reading()
    targets = TARGETS | (NEW_IN_1_4 if version == "v1.4" else {})
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink() or "__pycache__" in name or (path.is_dir() and not any(path.iterdir())):
            reading.wrong.append(f"{name}: link, cache or empty folder")
        if path.name.startswith(".") or " " in path.name or (path.is_file() and path.stat().st_size > 500 << 20):
            reading.wrong.append(f"{name}: name or size")
    for division in sorted(root.iterdir()):
        if division.name not in {"closed", "open"}:
            reading.wrong.append(f"{division.name}: no division")
            continue
        for org in sorted(division.iterdir()):
            for system in sorted((org / "results").iterdir()):
                _read_system(reading, targets, system, org / "systems" / f"{system.name}.json")
    return reading


def _read_system(reading: Reading, targets: dict, folder: Path, card: Path) -> None:
    system = json.loads(card.read_text("ascii"))
    if system["Status"].lower() not in {"available", "preview", "rdi"} or "system_type" in system:
        reading.wrong.append(f"{card.name}: status or type")
    division, org = folder.parts[-4], folder.parts[-3]
    names = {path.name for path in folder.iterdir()}
    for benchmark in sorted(folder.iterdir()):
        place = (division, org, folder.name, benchmark.name)
        if benchmark.name not in targets or (benchmark.name == "ic2" and "ic" not in names):
            reading.wrong.append(f"{place}: unknown benchmark, or ic2 without ic")
            continue
        metric, target = targets[benchmark.name]
        for mode in benchmark.iterdir():
            if {path.name for path in mode.iterdir()} != FILES:
                reading.wrong.append(f"{mode}: other files than {FILES}")
        accuracy = _last(benchmark / "accuracy", ACCURACY[metric].match)
        throughput = _last(benchmark / "performance", THROUGHPUT.match)
        energy = _last(benchmark / "energy", ENERGY.search) if (benchmark / "energy").is_dir() else None
        if accuracy is None or throughput is None or (division == "closed" and accuracy < target):
            reading.wrong.append(f"{place}: accuracy {accuracy}, throughput {throughput}")
            continue
        reading.rows[place] = Row(accuracy, throughput, energy, system)


def _last(folder: Path, find) -> float | None:
    # ASCII on purpose: the checker reads some of these files in whatever encoding the computer has.
    lines = (folder / "results.txt").read_text("ascii").splitlines()
    found = [match for match in map(find, lines) if match]
    return float(found[-1].group(1)) if found else None
