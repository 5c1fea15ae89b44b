# SPDX-License-Identifier: Apache-2.0
"""The pages after the first."""

from collections.abc import Sequence
from typing import Any

from energy_runner.certificate.document import bench, evidence, measured, tested
from energy_runner.certificate.document.figures import figures_section
from energy_runner.certificate.document.finish import Attachment
from energy_runner.certificate.facts import EnergyCertificate


def sections(one: EnergyCertificate, attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """Return the sections in order: the result, how it was obtained, what it rests on."""
    return [
        measured.windows_section(one),
        *figures_section(one),
        measured.budget_section(one),
        bench.equipment_section(one),
        bench.setup_section(one),
        tested.item_section(one),
        tested.workload_section(one),
        evidence.quality_section(one),
        evidence.rules_section(one),
        evidence.minimum_section(one),
        evidence.statements_section(one),
        evidence.sources_section(one, attachments),
    ]
