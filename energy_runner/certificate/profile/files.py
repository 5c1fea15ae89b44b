# SPDX-License-Identifier: Apache-2.0
"""The files that a profile names, by their digests."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.certificate.profile.spec import LabProfile
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.session import disk
from energy_runner.wording import printable

_BLOCK = 1 << 20
MOST_BYTES = 256 << 20  # of a photograph, a firmware or a network; a sparse file can state any size


@dataclass(frozen=True)
class Profile:
    """A profile that was read: what it states, and the SHA-256 of each file that it names."""

    spec: LabProfile = field(default_factory=LabProfile)
    digests: Mapping[str, str] = field(default_factory=dict)


def with_digests(spec: LabProfile, folder: Path) -> Profile:
    """Return a profile with the digests of its files; raise `ConfigurationError` for one that cannot be read."""
    named = [spec.firmware.image, spec.firmware.network, *(photo.file for photo in spec.item.photos)]
    return Profile(spec, {name: _sha256(folder / name) for name in dict.fromkeys(filter(None, named))})


def _sha256(path: Path) -> str:
    try:
        with disk.open_file(path) as file:
            digest, count = hashlib.sha256(), 0
            while (block := file.read(_BLOCK)) and (count := count + len(block)) <= MOST_BYTES:
                digest.update(block)
    except OSError as error:
        raise ConfigurationError(
            printable(f"{path}: cannot be read ({in_words(error)}). Try: correct its name in the profile")
        ) from None
    if count > MOST_BYTES:
        raise ConfigurationError(
            printable(f"{path}: has more than {MOST_BYTES} bytes. Try: correct its name in the profile")
        )
    return digest.hexdigest()
