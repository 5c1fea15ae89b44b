# SPDX-License-Identifier: Apache-2.0
"""The bench: its file, and the instruments and drivers built from it."""

from energy_runner.bench.shadow import refuse_shadowed_instruments

refuse_shadowed_instruments()

from energy_runner.bench.build import Bench, build_bench  # noqa: E402 - only after the check above
from energy_runner.bench.load import built_in_names, load_bench_spec  # noqa: E402
from energy_runner.bench.short_changes import short_changes  # noqa: E402
from energy_runner.bench.spec import (  # noqa: E402
    BenchSpec,
    Mode,
    parse_mode,
)

__all__ = [
    "Bench",
    "BenchSpec",
    "Mode",
    "build_bench",
    "built_in_names",
    "load_bench_spec",
    "parse_mode",
    "short_changes",
]
