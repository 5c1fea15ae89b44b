# SPDX-License-Identifier: Apache-2.0
"""The public documents with their JSON Schemas, in one place; `scripts/schemas` writes them."""

import sys
from pathlib import Path

from energy_runner.bench.schemas import BENCH
from energy_runner.certificate.schemas import CERTIFICATE, PROFILE
from energy_runner.report.audit.document import AUDIT
from energy_runner.session.schemas import EVENTS, RECORD, RESULT, write_schemas

DOCUMENTS = (BENCH, RECORD, EVENTS, RESULT, CERTIFICATE, PROFILE, AUDIT)

if __name__ == "__main__":
    for path in write_schemas(Path(sys.argv[1]), DOCUMENTS):
        sys.stdout.write(f"{path}\n")
