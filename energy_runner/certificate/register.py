# SPDX-License-Identifier: Apache-2.0
"""Put a certificate into the folder of all certificates: all its files or none, and nothing is overwritten.

`FOLDER/ID/` holds a certificate. Its files are written beside, under a name that begins with a dot, and the whole
folder then takes its name.
"""

import errno
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from energy_runner.errors import Argument, BenchFault, ConfigurationError, in_words, remedy
from energy_runner.session import disk
from energy_runner.wording import printable

STAMP = "certificate.json.tst"  # time stamp of certificate.json: a TimeStampToken (RFC 3161) in DER
REVOCATION = "revocation.json"
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)  # what a rename says of a name that is not free


def check_free(out: Path, certificate_id: str) -> None:
    """Raise `ConfigurationError` if there is a certificate of this id already, or `out` is no folder."""
    if out.exists() and not out.is_dir():
        raise ConfigurationError(f"{printable(str(out))}: is a file, not a folder. Try: another ", Argument("out"))
    if (out / certificate_id).exists():
        raise _issued_already(out / certificate_id)


def put_certificate(out: Path, certificate_id: str, files: Mapping[str, bytes]) -> Path:
    """Write the files of a certificate, by their names, into `out`, and return its folder.

    Raises `ConfigurationError` if it is there already, and `BenchFault` if the disk refuses; then nothing is left.
    """
    check_free(out, certificate_id)
    folder = out / certificate_id
    beside = out / f".{certificate_id}.{secrets.token_hex(4)}.tmp"
    try:
        out.mkdir(parents=True, exist_ok=True)
        beside.mkdir()
        for name, data in files.items():
            _write(beside / name, data)
        disk.sync_folder(beside)
        beside.rename(folder)
        disk.sync_folder(out)
    except OSError as error:
        if error.errno in _TAKEN and os.path.lexists(folder):  # by another process, since it was looked for
            raise _issued_already(folder) from None
        raise BenchFault(
            f"{printable(str(folder))}: the certificate cannot be written ({in_words(error)}){remedy(error)}"
        ) from error
    finally:  # also after Ctrl-C; once the folder has its name there is nothing left to remove
        _remove(beside, files)
    return folder


def _issued_already(folder: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{printable(str(folder))}: this certificate was issued already, and nothing is overwritten. "
        "Try: another ",
        Argument("out", "DIR"),
    )


def put_revocation(folder: Path, data: bytes) -> Path:
    """Write the revocation of the certificate in `folder`, and return its path.

    Raises `ConfigurationError` if there is one already, and `BenchFault` if the disk refuses.
    """
    path = folder / REVOCATION
    beside = folder / f".{REVOCATION}.{secrets.token_hex(4)}.tmp"
    try:
        try:
            _write(beside, data)
            path.hardlink_to(beside)  # unlike a rename it never takes the place of another file
        finally:
            beside.unlink(missing_ok=True)
        disk.sync_folder(folder)
    except FileExistsError:
        raise ConfigurationError(
            f"{printable(str(path))}: it is revoked already. Try: `energy-runner certificates show`"
        ) from None
    except OSError as error:
        raise BenchFault(
            f"{printable(str(path))}: the revocation cannot be written ({in_words(error)}){remedy(error)}"
        ) from error
    return path


def _write(path: Path, data: bytes) -> None:
    with path.open("xb", buffering=0) as file:
        disk.write_all(file, data)
        disk.sync(file)


def _remove(beside: Path, files: Mapping[str, bytes]) -> None:
    with suppress(OSError):
        for name in files:
            (beside / name).unlink(missing_ok=True)
        beside.rmdir()
