# SPDX-License-Identifier: Apache-2.0
"""Fixed texts have a number: a certificate that was issued in another wording stays one that can be verified."""

import hashlib

from energy_runner.certificate.aibom import aibom_bytes
from energy_runner.certificate.collect.collect import with_derived
from energy_runner.certificate.dcc.write import dcc_bytes
from energy_runner.certificate.facts import WORDING, EnergyCertificate
from energy_runner.certificate.minimum import DEMANDS
from energy_runner.certificate.profile.questions import OF_INSTRUMENT, QUESTIONS
from energy_runner.certificate.verify.inner import contradictions
from tests.support.certificate_facts import hardware, simulated
from tests.support.certificates import virtual_certificate

# Who changes a text counts WORDING up, and then writes the new digest here.
DIGEST = "d2c39ac94b55e86f5b4984c3b04d34cb3888edc97c18c7727fdf78afd6cf3726"


def test_who_changes_a_fixed_text_counts_the_wording_up() -> None:
    texts = [one.text for one in DEMANDS] + [one.what for one in QUESTIONS] + [what for _, what in OF_INSTRUMENT]
    said = "\n".join(texts).encode()
    for one in (hardware(), simulated()):
        said += dcc_bytes(one, b"") + aibom_bytes(one) + str(one.statements).encode()
    assert (WORDING, hashlib.sha256(said).hexdigest()) == (1, DIGEST)


def in_another_wording(**statements: object) -> EnergyCertificate:
    one = virtual_certificate()
    return with_derived(
        one.model_copy(
            update={
                "issuing": one.issuing.model_copy(update={"wording": WORDING + 1}),
                "statements": one.statements.model_copy(update=statements),
            }
        )
    )


def test_texts_of_another_wording_are_not_compared() -> None:
    assert list(contradictions(in_another_wording(decision_rule="Other words."))) == []


def test_what_they_come_to_is() -> None:
    one = in_another_wording(traceable=True)
    assert [place for place, _ in contradictions(one)] == ["statements.traceable"]
