# SPDX-License-Identifier: Apache-2.0
"""A time stamp authority (RFC 3161) whose clock is set by hand."""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache

from asn1crypto import tsp
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

_SINCE = datetime(2025, 1, 1, tzinfo=UTC)


@cache
def _authority(name: str) -> tuple[bytes, bytes]:
    """Return key and certificate of an authority, both DER."""
    key = rsa.generate_private_key(65537, 2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_SINCE)
        .not_valid_after(_SINCE + timedelta(days=7300))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    return (
        key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.DER),
    )


def certificate_pem(name: str = "Example Time") -> bytes:
    """Return the certificate of an authority."""
    return x509.load_der_x509_certificate(_authority(name)[1]).public_bytes(Encoding.PEM)


def stamp(data: bytes, at_utc: str, name: str = "Example Time") -> bytes:
    """Return the token that says that some bytes existed at a moment (ISO 8601)."""
    key, certificate = (
        kind.load(each) for kind, each in zip((PrivateKeyInfo, Certificate), _authority(name), strict=True)
    )
    stamper = DummyTimeStamper(certificate, key, fixed_dt=datetime.fromisoformat(at_utc))
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(data).digest()}
    query = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "nonce": 7, "cert_req": True})
    answer = stamper.request_tsa_response(query)
    return bytes(answer["time_stamp_token"].dump())
