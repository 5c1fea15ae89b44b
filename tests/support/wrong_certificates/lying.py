# SPDX-License-Identifier: Apache-2.0
"""Cases of facts that the laboratory's own key has signed, and that are not true."""

from collections.abc import Callable

from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.forms import JSON
from tests.support.wrong_certificates import changes as told
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.lab import Change, forms_of, lie, statement_of, virtual

SCORE = "result.energy_per_inference_j"


def telling(
    change: Change,
    of: Callable[[], EnergyCertificate] = virtual,
    *,
    careful: bool = False,
    at_hand: bool = False,
    alone: bool = False,
) -> Callable[[], Made]:
    """Return the maker of a certificate with a lie in it; with its session if that is `at_hand`.

    `alone`: the signed statement alone, where no other form can hold it.
    """

    def make() -> Made:
        one = lie(change, of(), derive=careful)
        if alone:
            return Made({JSON: statement_of(one)}, JSON)
        return Made(forms_of(one), session="measured" if at_hand else None)

    return make


def of(
    name: str,
    about: str,
    change: Change,
    place: str,
    of: Callable[[], EnergyCertificate] = virtual,
    *,
    careful: bool = False,
    alone: bool = False,
) -> Case:
    """Return the case of a lie that contradicts other facts of the same certificate."""
    fails = (("consistent", place),)
    return Case(name, about, "resigned", telling(change, of, careful=careful, alone=alone), fails)


def with_session(name: str, about: str, change: Change, *fails: tuple[str, str]) -> tuple[Case, Case]:
    """Return two cases of one lie that contradicts nothing in its certificate: alone, and with its session."""
    alone = Case(
        f"{name}-alone",
        f"{about}; without its session",
        "resigned",
        telling(change, careful=True),
        cannot_tell=f"{about}: nothing in it contradicts that. The session would",
    )
    whole = Case(
        f"{name}-with-session",
        f"{about}; with its session",
        "session",
        telling(change, careful=True, at_hand=True),
        fails,
    )
    return alone, whole


def sampler(**update: object) -> Change:
    return lambda one: told.sampler(one).update(update)


def calibration(**update: object) -> Change:
    return lambda one: told.sampler(one)["calibration"].update(update)
