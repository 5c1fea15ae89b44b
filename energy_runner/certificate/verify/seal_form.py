# SPDX-License-Identifier: Apache-2.0
"""Whether the seal of a PDF is written in its one form.

It covers every byte but those of its own place (ISO 32000-1, 12.8.1): hexadecimal digits of a signature, and zeros
up to the end of the place. There, and in those fields of the signature (CMS, RFC 5652) that it does not cover, a
byte could be changed that changes nothing, unless only one form counts.
"""

import re
from typing import Any

from energy_runner.certificate.needed import needed_module

_PLACE = re.compile(rb"/Contents <([^>]*)>")
_DIGITS = re.compile(rb"(?:[0-9A-F]{2})+")


def seal_form_lack(added: bytes) -> str:
    """Return why the seal in what was added to a PDF is not in its one form; "" if it is."""
    found = _PLACE.findall(added)
    if len(found) != 1:
        return f"{len(found)} places hold a seal in place of one"
    if not _DIGITS.fullmatch(found[0]):
        return "the seal is not in upper-case hexadecimal digits"
    content = bytes.fromhex(found[0].decode("ascii"))
    cms, core = needed_module("asn1crypto.cms"), needed_module("asn1crypto.core")
    try:
        length = len(core.Any.load(content).dump())
        if any(content[length:]):
            return "something was written after the seal, in its place"
        return _signature_lack(cms.ContentInfo.load(content[:length], strict=True))
    except Exception as error:  # a parser of bytes that anybody wrote; what it raises is its own affair
        return f"the seal is no signature in CMS ({error})"


def _signature_lack(content: Any) -> str:
    """Return which field beside the signed ones is not as it has to be."""
    signed = content["content"]
    signers = list(signed["signer_infos"])
    if len(signers) != 1:
        return f"the seal has {len(signers)} signers in place of one"
    (one,) = signers
    named = one["digest_algorithm"].dump()
    lacks = (
        (signed["version"].native != "v1" or one["version"].native != "v1", "another version"),
        (bool(signed["crls"].native), "revocation lists"),
        (bool(one["unsigned_attrs"].native), "unsigned attributes"),
        ([each.dump() for each in signed["digest_algorithms"]] != [named], "other algorithms"),
        (one["signature_algorithm"].hash_algo != one["digest_algorithm"]["algorithm"].native, "other algorithms"),
        (_again(content) != content.dump(), "another form than DER"),
    )
    return next((f"the seal has {lack}" for wrong, lack in lacks if wrong), "")


def _again(content: Any) -> bytes:
    """Return a structure as it is written when all of it is read first."""
    content.native  # noqa: B018 - reads everything
    return bytes(content.copy().dump(force=True))
