# SPDX-License-Identifier: Apache-2.0
"""Read the files that are attached to a PDF, which may come from anywhere."""

import io
from typing import Any

from energy_runner.certificate.needed import needed_module
from energy_runner.errors import SessionError
from energy_runner.wording import shown

MOST_BYTES = 64 << 20  # of a PDF, and of all that is attached to it
MOST_FILES = 64
_AS_ISSUED = "Try: the file as it was issued; viewers rewrite a PDF when they save it"


def attachments_of(data: bytes) -> dict[str, bytes]:
    """Return the files attached to a PDF by their names; nothing in it is executed or written.

    Raises `SessionError` for what is not a PDF, is encrypted, is too large, names a file twice, or holds it
    compressed, which a PDF that was issued does not.
    """
    if len(data) > MOST_BYTES:
        raise SessionError(f"the PDF has {len(data)} bytes, and {MOST_BYTES} are the most. Try: another file")
    pikepdf = needed_module("pikepdf")
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as pdf:
            return _read(pdf)
    except SessionError:
        raise
    except pikepdf.PasswordError:
        raise SessionError("the PDF asks for a password. Try: the file as it was issued") from None
    except Exception as error:  # the library raises many kinds for hostile files
        raise SessionError(
            f"the file cannot be read as a PDF ({shown(error, 200)}). Try: the file as it was issued"
        ) from None


def _read(pdf: Any) -> dict[str, bytes]:
    names = list(pdf.attachments)
    if len(names) > MOST_FILES:
        raise SessionError(f"the PDF has {len(names)} attachments, and {MOST_FILES} are the most")
    found: dict[str, bytes] = {}
    for key in names:
        spec = pdf.attachments[key]
        name = spec.filename or key
        if name in found:
            raise SessionError(f"the PDF has two attachments of the name {shown(name)}. {_AS_ISSUED}")
        held = spec.get_file().obj
        if "/Filter" in held or "/F" in held:  # a few bytes could become any number of them
            raise SessionError(f"the attachment {shown(name)} of the PDF is not stored as it is. {_AS_ISSUED}")
        found[name] = held.read_raw_bytes()
    return found
