# SPDX-License-Identifier: Apache-2.0
"""The parts of a time stamp token that its signature leaves open, and those that say when and by whom.

A CMS signature (RFC 5652) covers the stamp and the signed attributes. Versions, names of algorithms, certificates
and unsigned attributes beside them can be changed, and the signature still holds; so each of them has to be what
the rest of the token asks for, and a token in which any byte was changed is refused.
"""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from energy_runner.certificate.needed import needed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_ESS_VERSION_1 = "signing_certificate"  # RFC 2634: its hash is SHA-1
_PARTS = {"seconds": 1, "millis": 1000, "micros": 1_000_000}  # of the accuracy, per second
_ESS_VERSION_2 = "signing_certificate_v2"  # RFC 5816


@dataclass(frozen=True)
class TokenForm:
    """What a token says: when (ISO 8601, UTC), how exactly in seconds, and whose it is (RFC 4514)."""

    at_utc: str
    accuracy_s: float
    authority: str


def bare(token: bytes) -> bytes:
    """Return a token without what nobody signed and nobody needs.

    That is unsigned attributes, revocation lists, and certificates that are not between signer and root. Raises
    `ValueError` if it is none.
    """
    content = _loaded(token)
    signed = content["content"]
    for each in signed["signer_infos"]:
        if each["unsigned_attrs"].native:
            del each["unsigned_attrs"]
    if signed["crls"].native:
        del signed["crls"]
    certificates = _certificates(signed)
    chain = _chain(_leaf(signed["signer_infos"][0], certificates), certificates)
    if len(chain) < len(certificates):
        kept = [one for one, read in zip(signed["certificates"], certificates, strict=True) if read in chain]
        signed["certificates"] = kept
    return bytes(content.dump())


def form_of(token: bytes) -> TokenForm:
    """Return what a token says; raises `ValueError`, in words, if its form is not that of RFC 3161, 2.4.2."""
    signed = _loaded(token)["content"]
    signers = list(signed["signer_infos"])
    if len(signers) != 1:
        raise ValueError(f"{len(signers)} signers, a token has one")
    signer = signers[0]
    for wrong, words in (
        (signed["version"].native != "v3", "its version is not 3"),
        (signer["version"].native != "v1", "the version of its signer is not 1"),
        (signed["crls"].native, "it has revocation lists"),
        (signer["unsigned_attrs"].native, "it has unsigned attributes"),
        (signer["sid"].name != "issuer_and_serial_number", "it names its signer in another way"),
        (not _one_digest(signer), "its algorithms do not fit together"),
    ):
        if wrong:
            raise ValueError(words)
    certificates = _certificates(signed)
    leaf = _leaf(signer, certificates)
    if len(_chain(leaf, certificates)) < len(certificates):
        raise ValueError("it has certificates that do not lead from its signer to a root")
    _check_reference(signer, leaf)
    info = signed["encap_content_info"]["content"].parsed
    return TokenForm(_moment(info), _accuracy_s(info), leaf.subject.rfc4514_string())


def _loaded(token: bytes) -> Any:
    with needed():
        from asn1crypto import cms, tsp  # type: ignore[import-untyped]  # tsp makes its kinds known to cms
    try:
        content = cms.ContentInfo.load(token, strict=True)
        inner = content["content"]["encap_content_info"]
        if content["content_type"].native != "signed_data" or inner["content_type"].native != "tst_info":
            raise ValueError("no signed time stamp")
        if not isinstance(inner["content"].parsed, tsp.TSTInfo):
            raise ValueError("no time stamp in it")
    except Exception as error:  # a parser of bytes that anybody wrote; what it raises is its own affair
        raise ValueError(f"not a token of RFC 3161 ({error})") from None
    return content


def _one_digest(signer: Any) -> bool:
    """Return whether digest and signature have the same digest algorithm; plain RSA names no second one."""
    named = signer["signature_algorithm"]
    if named["algorithm"].native == "rsassa_pkcs1v15":
        return True
    return bool(named.hash_algo == signer["digest_algorithm"]["algorithm"].native)


def _certificates(signed: Any) -> "list[Certificate]":
    with needed():
        from cryptography.x509 import load_der_x509_certificate
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of what a certificate must not have, such as a negative serial number
            return [load_der_x509_certificate(each.chosen.dump()) for each in signed["certificates"]]
    except Exception as error:  # likewise
        raise ValueError(f"a certificate in it cannot be read ({error})") from None


def _leaf(signer: Any, certificates: "Sequence[Certificate]") -> "Certificate":
    sid = signer["sid"].chosen
    for each in certificates:
        if (
            each.issuer.public_bytes() == sid["issuer"].dump()
            and each.serial_number == sid["serial_number"].native
        ):
            return each
    raise ValueError("the certificate of its signer is not in it")


def _chain(leaf: "Certificate", certificates: "Sequence[Certificate]") -> "list[Certificate]":
    """Return the certificates from that of the signer on, each issued by the next; a root is none of them.

    Nothing would cover the bytes of another one: a root is known to who trusts it, and is not read from a token.
    """
    chain = [leaf]
    while above := next((one for one in certificates if one not in chain and _issued(chain[-1], one)), None):
        if above.subject == above.issuer:
            break
        chain.append(above)
    return chain


def _issued(one: "Certificate", by: "Certificate") -> bool:
    try:
        one.verify_directly_issued_by(by)
    except Exception:  # of any kind: of a wrong signature, an unknown curve, a name that is another's
        return False
    return True


def _check_reference(signer: Any, leaf: "Certificate") -> None:
    """Refuse a token whose signed reference is to another certificate (RFC 5816, section 2.2.1)."""
    with needed():
        from cryptography.hazmat.primitives.serialization import Encoding
    der = leaf.public_bytes(Encoding.DER)
    for attribute in signer["signed_attrs"]:
        kind = attribute["type"].native
        if kind in (_ESS_VERSION_1, _ESS_VERSION_2):
            first = attribute["values"][0]["certs"][0]
            name = "sha1" if kind == _ESS_VERSION_1 else first["hash_algorithm"]["algorithm"].native
            if first["cert_hash"].native == hashlib.new(name, der, usedforsecurity=False).digest():
                return
            raise ValueError("the certificate in it is not the one that its signer names")
    raise ValueError("its signer names no certificate")


def _moment(info: Any) -> str:
    return str(info["gen_time"].native.isoformat()).replace("+00:00", "Z")


def _accuracy_s(info: Any) -> float:
    found = info["accuracy"].native or {}
    return float(
        sum((found.get(key) or 0) / per for key, per in (("seconds", 1), ("millis", 1e3), ("micros", 1e6)))
    )
