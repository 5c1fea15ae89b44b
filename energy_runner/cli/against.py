# SPDX-License-Identifier: Apache-2.0
"""`--fail-on` and `--baseline`: read the baseline before anything is measured, and print the comparison."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.errors import Argument, ConfigurationError

if TYPE_CHECKING:
    from energy_runner.analysis.against.baseline import Baseline
    from energy_runner.analysis.against.compare import Compared


def base_of(baseline: Path | None, fail_on: Sequence[str], benchmark: str, mode: str, virtual: bool) -> "Baseline":
    """Return the baseline for the limits given; raise `ConfigurationError` for one without the other."""
    from energy_runner import api

    if baseline is None:
        raise ConfigurationError(
            Argument("fail_on", f'"{fail_on[0][:60]}"'),
            ": compared with what? Try: ",
            Argument("baseline", "PATH"),
        )
    if not fail_on:
        raise ConfigurationError(
            Argument("baseline", str(baseline)),
            ": which change is too much? Try: ",
            Argument("fail_on", '"energy_per_inference +2%"'),
        )
    return api.load_baseline(baseline, fail_on, benchmark=benchmark, mode=mode, virtual=virtual)


def documents(compared: "Sequence[Compared]") -> list[dict[str, Any]]:
    """Return the comparisons for JSON."""
    from energy_runner.analysis.against.wording import as_document

    return [as_document(one) for one in compared]


def tell(compared: "Sequence[Compared]") -> None:
    """Print the comparisons, if there are any."""
    if not compared:
        return
    from energy_runner.analysis.against.wording import in_words
    from energy_runner.cli.output import write

    write("\n" + "\n".join(line for one in compared for line in in_words(one)) + "\n")
