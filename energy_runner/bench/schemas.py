# SPDX-License-Identifier: Apache-2.0
"""The bench file as a public document with its JSON Schema."""

from energy_runner.bench.spec import BenchSpec
from energy_runner.session.schemas import Document

BENCH = Document(
    "bench",
    "bench.toml",
    "Which instruments a bench has and how they are connected. A TOML file; unknown keys are refused.",
    BenchSpec,
)
