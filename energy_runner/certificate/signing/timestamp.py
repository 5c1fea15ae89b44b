# SPDX-License-Identifier: Apache-2.0
"""Time stamps (RFC 3161): an authority's signature that some bytes existed at a moment.

So a signature outlives its key: what is proven to be older than the day on which a key expired or was revoked
stays good. What is kept is the TimeStampToken (a CMS signature), not the response around it, which nobody signed.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from energy_runner.certificate.needed import needed
from energy_runner.certificate.signing.canonical import refuse
from energy_runner.certificate.signing.post import address
from energy_runner.certificate.signing.token_form import bare, form_of
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.wording import short_words

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

Post = Callable[[str, bytes], bytes]
MOST_BYTES = 65_536
_WHAT = "time stamp"
# PKIStatusInfo { status granted }, RFC 3161, section 2.4.2: it makes a response of a token.
_GRANTED = bytes.fromhex("3003020100")
_SEQUENCE = 0x30
_OPENSSL_SAYS = re.compile(r"Verify error: ([^\"]+)")


@dataclass(frozen=True)
class Stamped:
    """When an authority saw the bytes (ISO 8601, UTC), and the name in its certificate (RFC 4514).

    `accuracy_s` is how far its clock may be off, as it says itself; 0 where it says nothing.
    """

    at_utc: str
    authority: str
    accuracy_s: float = 0.0


def request_token(url: str, data: bytes, post: Post) -> bytes:
    """Return the token of an authority for `data`; `post` sends a query to a URL and returns the answer's body.

    Only a digest of `data` leaves this computer. Whether the authority is trusted is not asked here. Raises
    `BenchFault` if the answer is none to this query.
    """
    with needed():
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
    query = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = post(url, query.as_bytes())
    response = _decoded(answer)
    where = f"{address(url)}: a time stamp was asked for"
    if response is None or len(answer) > MOST_BYTES:
        raise BenchFault(f"{where}, what came is none. Try: the address that the authority gives for RFC 3161")
    if response.status != 0:
        said = short_words("; ".join(response.status_string)) or f"status {response.status}"
        raise BenchFault(f"{where}, it was refused ({said}). Try: another authority")
    try:
        info = response.tst_info  # raises where the answer grants a token and holds none
        if info.nonce == query.nonce and info.message_imprint.message == hashlib.sha256(data).digest():
            return bare(response.time_stamp_token())
    except Exception as error:  # of parsers of others, given bytes of anybody
        raise BenchFault(f"{where}, what came is {short_words(str(error))}. Try: another authority") from None
    raise BenchFault(f"{where}, what came is the answer to another query. Try again")


def read_token(token: bytes, data: bytes, roots: Sequence[bytes]) -> Stamped:
    """Return what a token proves of `data`; `roots` are certificates of authorities that are trusted, PEM or DER.

    Its chain is checked as of the moment of the stamp. That the authority's own certificate was revoked later is
    not known here. Raises `SessionError` if it proves nothing, `ConfigurationError` if a root cannot be read.
    """
    anchors = [certificate for root in roots for certificate in _certificates(root)]
    if not anchors:
        raise ConfigurationError("no time stamp authority is trusted. Try: give the certificate of one")
    response = _decoded(_as_response(token)) if len(token) <= MOST_BYTES else None
    if response is None or response.time_stamp_token() != token:
        refuse(_WHAT, "not a token of RFC 3161 in DER")
    try:
        form = form_of(token)
    except Exception as error:  # parsers of others, with bytes of anybody: what they raise is their own affair
        refuse(_WHAT, str(error))
    problems = [_problem(response, data, anchor) for anchor in anchors]
    if all(problems):
        refuse(_WHAT, f"it does not hold: {'; '.join(dict.fromkeys(problems))}")
    return Stamped(form.at_utc, form.authority, form.accuracy_s)


def _problem(response: "TimeStampResponse", data: bytes, anchor: "Certificate") -> str:
    """Return why a token does not hold with one root, "" if it does.

    Each root is asked alone: of two with the same name, such as an old and a new one, OpenSSL tries only one.
    """
    with needed():
        from rfc3161_client import VerificationError, VerifierBuilder
    try:
        VerifierBuilder(roots=[anchor]).build().verify_message(response, data)
    except (VerificationError, ValueError, TypeError) as error:
        found = _OPENSSL_SAYS.search(str(error))
        return found[1] if found is not None else str(error).partition(": ErrorStack")[0]
    return ""


def _decoded(data: bytes) -> "TimeStampResponse | None":
    with needed():
        from rfc3161_client import decode_timestamp_response
    try:
        return decode_timestamp_response(data)
    except (ValueError, TypeError):
        return None


def _as_response(token: bytes) -> bytes:
    body = _GRANTED + token
    return bytes([_SEQUENCE]) + _der_length(len(body)) + body


def _der_length(count: int) -> bytes:
    if count < 0x80:
        return bytes([count])
    digits = count.to_bytes((count.bit_length() + 7) // 8)
    return bytes([0x80 | len(digits)]) + digits


def _certificates(data: bytes) -> "list[Certificate]":
    with needed():
        from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificates
    try:
        return load_pem_x509_certificates(data) if b"-----BEGIN" in data else [load_der_x509_certificate(data)]
    except ValueError as error:
        raise ConfigurationError(
            f"the certificate of a time stamp authority cannot be read ({short_words(str(error))}). "
            "Try: its file in PEM"
        ) from None
