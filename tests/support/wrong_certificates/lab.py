# SPDX-License-Identifier: Apache-2.0
"""The laboratory of the suite: its keys, which are no secret, its key ring, and its certificates."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from energy_runner.certificate.collect.collect import id_of, with_derived
from energy_runner.certificate.collect.statements import statements
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.forms import JSON, NAMES, issue
from energy_runner.certificate.signing.envelope import envelope_bytes, read_envelope, sign
from energy_runner.certificate.signing.keys import PublicKey, SigningKey
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.signing.statement import Statement, read_statement, statement_bytes
from tests.support.certificates import hardware_certificate, virtual_certificate

# The suite's moment of the check, where a verifier can be told: any later one gives the same answers.
NOW = "2026-11-30T12:00:00Z"
OWNER, FROM = "Example Laboratory", "2026-01-01"
Document = dict[str, Any]
Change = Callable[[Document], None]


def key(number: int) -> SigningKey:
    """Return a key made of a number, so that it is the same each time."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(private, PublicKey(der))


KEY, OTHER_KEY = key(1), key(2)
RING = KeyRing().add(KEY.public, OWNER, FROM)


def signed_by(one: EnergyCertificate, signer: SigningKey = KEY, **issuing: Any) -> EnergyCertificate:
    """Return a certificate that names its key, with other changes of `issuing`."""
    update = {"key_id": signer.key_id, **issuing}
    return with_derived(one.model_copy(update={"issuing": one.issuing.model_copy(update=update)}))


@cache
def virtual() -> EnergyCertificate:
    """Return the certificate of the virtual bench; its session is that of `tests.support.certificates`."""
    return signed_by(virtual_certificate())


@cache
def hardware() -> EnergyCertificate:
    """Return a certificate with all that one needs; there is no session that belongs to it."""
    return signed_by(hardware_certificate())


@cache
def virtual_forms() -> dict[str, bytes]:
    """Return the forms of `virtual`."""
    return forms_of(virtual())


@cache
def hardware_forms() -> dict[str, bytes]:
    """Return the forms of `hardware`."""
    return forms_of(hardware())


def statement_of(one: EnergyCertificate) -> bytes:
    """Return the signed statement of a certificate alone, for one that no other form can hold."""
    statement = read_statement(read_envelope(virtual_forms()[JSON]).payload)
    payload = statement_bytes(Statement(statement.subjects, statement.predicate_type, one.document()))
    return envelope_bytes(sign(payload, KEY))


def forms_of(one: EnergyCertificate, signer: SigningKey = KEY) -> dict[str, bytes]:
    """Return all forms of a certificate, signed."""
    forms = issue(one, signer)
    return {name: forms[name] for name in NAMES}


def lie(change: Change, one: EnergyCertificate | None = None, *, derive: bool = False) -> EnergyCertificate:
    """Return a certificate with something changed and a fitting id.

    With `derive` also title, demands, missing items and texts are those that follow: a careful lie.
    """
    document = copy.deepcopy((one or virtual()).document())
    change(document)
    told = EnergyCertificate.model_validate(document)
    if derive:
        texts = statements(told.result, told.equipment, virtual=told.virtual, verified=told.statements.verified)
        return with_derived(told.model_copy(update={"statements": texts}))
    return told.model_copy(update={"id": id_of(told)})
