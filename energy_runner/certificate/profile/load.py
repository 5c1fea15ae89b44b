# SPDX-License-Identifier: Apache-2.0
"""Read a laboratory's profile; a mistake is named with its line."""

import re
from pathlib import Path

from pydantic import BaseModel, ValidationError

from energy_runner.bench.origin import Origin
from energy_runner.bench.words import problem
from energy_runner.certificate.profile.files import Profile, with_digests
from energy_runner.certificate.profile.spec import (
    ConditionsSpec,
    FirmwareSpec,
    InstrumentSpec,
    ItemSpec,
    LaboratorySpec,
    LabProfile,
    OrganisationSpec,
    PeopleSpec,
    PhotoSpec,
    SetUpSpec,
    WorkloadSpec,
)
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.text_file import TextError, read_text
from energy_runner.toml_text import MOST_BYTES, BoundsError, TomlSyntaxError, read_toml
from energy_runner.wording import printable, short_words

_EXAMPLE = "Try: compare it with the example in docs/how-to/issue-a-certificate.md"
_UNION = re.compile(r"function-|literal\[|constrained-")  # the branch of a union, which pydantic names in a place
_TABLES: dict[str, type[BaseModel]] = {
    "laboratory": LaboratorySpec,
    "customer": OrganisationSpec,
    "people": PeopleSpec,
    "item": ItemSpec,
    "item.photos.*": PhotoSpec,
    "firmware": FirmwareSpec,
    "workload": WorkloadSpec,
    "instruments.*": InstrumentSpec,
    "conditions": ConditionsSpec,
    "setup": SetUpSpec,
}


def load_profile(path: str | Path) -> Profile:
    """Return the profile in a TOML file; raise `ConfigurationError`, with the line, for what is wrong in it."""
    path = Path(path)
    try:
        text = read_text(path, MOST_BYTES)
    except FileNotFoundError:
        raise ConfigurationError(f"{printable(str(path))}: no such profile. {_EXAMPLE}") from None
    except (OSError, TextError) as error:
        raise ConfigurationError(
            printable(f"{path}: cannot be read as a profile ({in_words(error)}). {_EXAMPLE}")
        ) from None
    return with_digests(profile_from_text(text, printable(str(path))), path.parent)


def profile_from_text(text: str, where: str) -> LabProfile:
    """Return what a text states; `where` is its name in messages. The files that it names are not looked at."""
    try:
        table = read_toml(text)
    except TomlSyntaxError as error:
        raise ConfigurationError(f"{error.of(where)}. {_EXAMPLE}") from error
    except BoundsError as error:
        raise ConfigurationError(f"{where}: not a profile: {error}. {_EXAMPLE}") from error
    try:
        return LabProfile.model_validate(table)
    except ValidationError as error:
        first = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
        first["loc"] = tuple(part for part in first["loc"] if not _UNION.match(str(part)))
        place = [str(part) for part in first["loc"]]
        said = short_words(problem(first, _TABLES, LabProfile))
        raise ConfigurationError(f"{Origin(where, text).at(place)}: {said}. {_EXAMPLE}") from error
