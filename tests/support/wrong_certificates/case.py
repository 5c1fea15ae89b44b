# SPDX-License-Identifier: Apache-2.0
"""What a case of the suite is: how it is made, and what a verifier has to say of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from energy_runner.certificate.forms import PDF
from energy_runner.certificate.signing.ring import KeyRing
from tests.support.wrong_certificates.lab import RING

Family = Literal["right", "key", "tampered", "resigned", "session"]
SCHEMA = "energy-runner/wrong-certificate/1"


@dataclass(frozen=True)
class Made:
    """The files of a case by name, and with what it is to be verified; `session` and `accuracy` name sessions."""

    files: Mapping[str, bytes]
    file: str = PDF
    ring: KeyRing = RING
    session: str | None = None
    accuracy: str | None = None
    authorities: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A case: each of `fails` is the id of a check that has to fail, and a part of the place that it has to name.

    Without `fails` it has to verify; `cannot_tell` then says what is wrong with it nevertheless, and why no
    verifier can know.
    """

    name: str
    about: str
    family: Family
    make: Callable[[], Made]
    fails: tuple[tuple[str, str], ...] = ()
    cannot_tell: str = ""

    @property
    def holds(self) -> bool:
        """Whether it has to verify."""
        return not self.fails

    def expected(self, made: Made) -> dict[str, Any]:
        """Return the content of its `expected.json`; paths are relative to the case's folder."""
        return {
            "schema": SCHEMA,
            "name": self.name,
            "about": self.about,
            "family": self.family,
            "verify": {
                "file": made.file,
                "ring": "ring.json",
                "session": None if made.session is None else f"../sessions/{made.session}",
                "accuracy_session": None if made.accuracy is None else f"../sessions/{made.accuracy}",
                "authorities": sorted(made.authorities),
            },
            "holds": self.holds,
            "fails": [{"id": check, "place": place} for check, place in self.fails],
            "cannot_tell": self.cannot_tell,
        }
