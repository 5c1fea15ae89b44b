# SPDX-License-Identifier: Apache-2.0
"""Arguments and options that the commands of `sweep` share."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_bench

PlanArgument = Annotated[Path, typer.Argument(help="Plan of the sweep (TOML).", metavar="PLAN")]
SweepArgument = Annotated[
    str, typer.Argument(help="Id or name of the sweep; default: the latest.", metavar="SWEEP", show_default=False)
]
BenchesOption = Annotated[
    list[str],
    typer.Option(
        "--bench",
        "-b",
        help="Bench, or NAME=BENCH; may be given several times, for one process each.",
        metavar="[NAME=]BENCH",
        autocompletion=complete_bench,
    ),
]
CatalogueOption = Annotated[
    str,
    typer.Option(
        "--catalogue",
        help="Catalogue: a file, or postgresql://USER@HOST/DATABASE; default: catalogue.sqlite in the folder "
        "of --out.",
        metavar="FILE|URL",
        show_default=False,
        envvar="ENERGY_RUNNER_CATALOGUE",
    ),
]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for sessions and catalogue.", metavar="DIR")]
JunitOption = Annotated[
    Path | None,
    typer.Option(
        "--junit", help="Write the points as JUnit XML, for CI servers.", metavar="FILE", show_default=False
    ),
]
SchedulerOption = Annotated[
    str,
    typer.Option(
        "--scheduler",
        help="Benches of other computers, offered there by `sweep worker`: dask://pc1:8786.",
        metavar="dask://HOST:PORT",
        show_default=False,
    ),
]
LeaseOption = Annotated[
    float,
    typer.Option(
        "--lease",
        help="Seconds without a sign of life after which a worker counts as gone.",
        metavar="S",
        min=0.5,
        max=3600.0,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
