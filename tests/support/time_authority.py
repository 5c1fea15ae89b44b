# SPDX-License-Identifier: Apache-2.0
"""A time stamp authority (RFC 3161) of the tests, whose clock says what a test wants; no network is used."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ExtendedKeyUsageOID

NOON = datetime(2026, 11, 30, 12, 0, 0, 250_000, tzinfo=UTC)
_BEGIN, _END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """Return a key; dear, so each is made once."""
    return rsa.generate_private_key(65537, 2048 + 8 * number)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(
    subject: str,
    key: Key,
    issuer: str,
    issuer_key: Key,
    *,
    usage: Any = ExtendedKeyUsageOID.TIME_STAMPING,
    critical: bool = True,
    begin: datetime = _BEGIN,
    end: datetime = _END,
) -> x509.Certificate:
    """Return a certificate; `usage` None makes one of an authority that issues others."""
    builder = x509.CertificateBuilder(_name(issuer), _name(subject), key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(end)
    if usage is None:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    else:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=critical)
    return builder.sign(issuer_key, SHA256())


@dataclass
class Authority:
    """Answers queries; each part of an answer can be made wrong."""

    at: datetime = NOON
    key: Key = field(default_factory=ec_key)
    root_key: Key = field(default_factory=ec_key)
    middle_key: Key | None = None
    usage: Any = ExtendedKeyUsageOID.TIME_STAMPING
    critical: bool = True
    begin: datetime = _BEGIN
    end: datetime = _END
    status: int = 0
    with_root: bool = False
    nonce: int | None = None
    digest: bytes | None = None
    reference: bytes | None = None
    unsigned: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = certificate("Root", self.root_key, "Root", self.root_key, usage=None)
        chain = [self.root] if self.with_root else []
        issuer, issuer_key = "Root", self.root_key
        if self.middle_key is not None:
            chain.append(certificate("Middle", self.middle_key, "Root", self.root_key, usage=None))
            issuer, issuer_key = "Middle", self.middle_key
        self.leaf = certificate(
            "Clock", self.key, issuer, issuer_key,
            usage=self.usage, critical=self.critical, begin=self.begin, end=self.end,
        )  # fmt: skip
        self.chain = [self.leaf, *chain]

    @property
    def roots(self) -> list[bytes]:
        return [self.root.public_bytes(Encoding.PEM)]

    def post(self, url: str, body: bytes) -> bytes:
        """Answer a query, as `timestamp.request_token` posts it."""
        self.asked.append(url)
        query = tsp.TimeStampReq.load(body, strict=True)
        if self.status:
            info = tsp.PKIStatusInfo({"status": self.status, "status_string": ["the clock is being set"]}).dump()
            return b"\x30" + bytes([len(info)]) + bytes(info)
        digest = self.digest or query["message_imprint"]["hashed_message"].native
        nonce = query["nonce"].native if self.nonce is None else self.nonce
        answer = {"status": {"status": "granted"}, "time_stamp_token": self._token(digest, nonce)}
        return bytes(tsp.TimeStampResp(answer).dump())

    def token(self, data: bytes) -> bytes:
        """Return a token without being asked."""
        return bytes(self._token(hashlib.sha256(data).digest(), 1).dump())

    def _token(self, digest: bytes, nonce: int) -> cms.ContentInfo:
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4",
                "message_imprint": imprint,
                "serial_number": 7,
                "gen_time": core.GeneralizedTime(self.at),
                "accuracy": {"seconds": 1, "millis": 500},
                "nonce": nonce,
            }
        )
        content = info.dump()
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": "sha256", "parameters": core.Null()}],
                "encap_content_info": {
                    "content_type": "tst_info",
                    "content": core.ParsableOctetString(content),
                },
                "certificates": [asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in self.chain],
                "signer_infos": [self._signer(content)],
            }
        )
        return cms.ContentInfo({"content_type": "signed_data", "content": signed})

    def _signer(self, content: bytes) -> cms.SignerInfo:
        leaf = asn1_x509.Certificate.load(self.leaf.public_bytes(Encoding.DER))
        named = self.reference or hashlib.sha256(leaf.dump()).digest()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(content).digest()]}),
                cms.CMSAttribute(
                    {"type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": named}]}]}
                ),
            ]
        )
        is_rsa = isinstance(self.key, rsa.RSAPrivateKey)
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number", {"issuer": leaf.issuer, "serial_number": leaf.serial_number}
            ),
            "digest_algorithm": {"algorithm": "sha256", "parameters": core.Null()},
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm(
                {"algorithm": "rsassa_pkcs1v15" if is_rsa else "sha256_ecdsa"}
            ),
            "signature": self._sign(attributes.dump()),
        }
        if self.unsigned:
            stamp = cms.CMSAttribute({"type": "1.2.3.4.5", "values": [core.Integer(1)]})
            signer["unsigned_attrs"] = [stamp]
        return cms.SignerInfo(signer)

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), SHA256())
        return self.key.sign(data, ec.ECDSA(SHA256()))
