# SPDX-License-Identifier: Apache-2.0
"""Close a private key with a passphrase: PBES2 (RFC 8018) with PBKDF2-HMAC-SHA256 and AES-256-CBC.

The library that opens such files would write them with 2048 rounds, and then passphrases are guessed some hundred
times faster. The number of rounds is in the file, so any program that knows PKCS#8 opens it.
"""

import secrets

from energy_runner.certificate.needed import needed

# OWASP Password Storage Cheat Sheet (2023) for PBKDF2-HMAC-SHA256.
ROUNDS = 600_000
_KEY_BYTES = 32
_BLOCK_BYTES = 16
_LABEL = "ENCRYPTED PRIVATE KEY"  # RFC 7468, section 11


def closed_pem(der: bytes, passphrase: bytes) -> bytes:
    """Return a PKCS#8 key (DER) as an EncryptedPrivateKeyInfo in PEM."""
    with needed():
        from asn1crypto import algos, core, keys, pem  # type: ignore[import-untyped]
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES256
        from cryptography.hazmat.primitives.ciphers.modes import CBC
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
        from cryptography.hazmat.primitives.padding import PKCS7
    salt, start = secrets.token_bytes(_BLOCK_BYTES), secrets.token_bytes(_BLOCK_BYTES)
    key = PBKDF2HMAC(SHA256(), _KEY_BYTES, salt, ROUNDS).derive(passphrase)
    padder = PKCS7(_BLOCK_BYTES * 8).padder()
    encryptor = Cipher(AES256(key), CBC(start)).encryptor()
    closed = encryptor.update(padder.update(der) + padder.finalize()) + encryptor.finalize()
    specified = algos.Pbkdf2Salt(name="specified", value=core.OctetString(salt))
    derivation = {
        "salt": specified,
        "iteration_count": ROUNDS,
        "prf": {"algorithm": "sha256", "parameters": core.Null()},
    }
    scheme = {
        "key_derivation_func": {"algorithm": "pbkdf2", "parameters": derivation},
        "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": start},
    }
    info = keys.EncryptedPrivateKeyInfo(
        {"encryption_algorithm": {"algorithm": "pbes2", "parameters": scheme}, "encrypted_data": closed}
    )
    return bytes(pem.armor(_LABEL, info.dump()))
