# SPDX-License-Identifier: Apache-2.0
"""The public documents with their JSON Schemas, the bench file among them; `scripts/schemas` writes them."""

import sys
from pathlib import Path

from energy_runner.bench.spec import BenchSpec
from energy_runner.session.schemas import EVENTS, RECORD, RESULT, Document, write_schemas

BENCH = Document(
    "bench",
    "bench.toml",
    "Which instruments a bench has and how they are connected. A TOML file; unknown keys are refused.",
    BenchSpec,
)
DOCUMENTS = (BENCH, RECORD, EVENTS, RESULT)

if __name__ == "__main__":
    for path in write_schemas(Path(sys.argv[1]), DOCUMENTS):
        sys.stdout.write(f"{path}\n")
