# SPDX-License-Identifier: Apache-2.0
"""The pages after the first."""

from collections.abc import Sequence
from typing import Any

from energy_runner.certificate.document.blocks import section, table
from energy_runner.certificate.document.finish import Attachment
from energy_runner.certificate.document.words import NO_FIGURE
from energy_runner.certificate.facts import EnergyCertificate


def sections(one: EnergyCertificate, attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """Return the sections in order."""
    return [
        section(
            "Windows",
            table(
                [("No.", "right", "auto"), ("Stimulus", "left", "1fr"), ("Energy, µJ", "right", "auto")],
                [
                    [
                        str(each.index + 1),
                        each.file,
                        each.uncertainty.stated.text if each.uncertainty else NO_FIGURE,
                    ]
                    for each in one.result.windows
                ],
            ),
        )
    ]
