# SPDX-License-Identifier: Apache-2.0
"""Read the power test cases of a `testcase.yaml`, `sample.yaml` or `tests.yaml` of Zephyr's twister.

Source: Zephyr documentation, "Twister", "Power harness". A case has `harness: power` and, in its `harness_config`,
`power_measurements`. What stands under `common` holds for each case that does not say otherwise; as in twister, a
`harness_config` of a case replaces the common one as a whole.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from energy_runner.errors import ConfigurationError, in_words
from energy_runner.text_file import TextError, read_text
from energy_runner.wording import shown

FILES = ("testcase.yaml", "sample.yaml", "tests.yaml")
HARNESS = "power"
MOST_BYTES = 1_000_000
_MOST_OPEN = 100
_BRACKET = re.compile(r"[][{}]")
_EXTRA = "Try: pip install 'energy-runner[twister]'"


class Measurements(BaseModel):
    """`power_measurements`: how a case is measured, and what it expects. Counts are of samples."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    elements_to_trim: int = Field(
        ge=0, le=100_000_000, validation_alias=AliasChoices("elements_to_trim", "element_to_trim")
    )
    """Samples at the start that are left out."""
    min_peak_distance: int = Field(ge=1, le=100_000_000)
    """Least distance of two peaks, in samples."""
    min_peak_height: float = Field(gt=0, le=1000)
    """Least current of a peak, A."""
    peak_padding: int = Field(ge=0, le=100_000_000)
    """Samples on either side of a peak that belong to no phase."""
    measurement_duration: float = Field(gt=0, le=3600)
    """How long is measured, s."""
    num_of_transitions: int = Field(ge=0, le=10_000)
    """How many peaks divide the phases."""
    expected_rms_values: list[Annotated[float, Field(gt=0, le=1e9)]] = Field(min_length=1, max_length=10_001)
    """The RMS current of each phase, in mA by the documentation."""
    tolerance_percentage: float = Field(gt=0, le=1000)
    """How far a phase may be from what is expected, % of that."""


class Case(BaseModel):
    """One power test case: its name, the file that it is from, and what it asks."""

    model_config = ConfigDict(frozen=True)

    name: str
    file: Path
    measurements: Measurements


def find_cases(path: Path) -> list[Case]:
    """Return the power test cases in a file, or in all files of twister below a folder.

    Raises `ConfigurationError` for a path without any, for YAML that cannot be read, and for a power test case
    that lacks a key or has an impossible value.
    """
    files = sorted(file for name in FILES for file in path.rglob(name)) if path.is_dir() else [path]
    cases = [case for file in files for case in _cases(file)]
    if not cases:
        where = f"none of the {len(files)} files of twister in it" if path.is_dir() else "no test in it"
        raise ConfigurationError(f"{path}: {where} has harness: {HARNESS}. Try: a {FILES[0]} with power tests")
    return cases


def _cases(file: Path) -> Iterator[Case]:
    document = _document(file)
    common, tests = document.get("common") or {}, document.get("tests") or {}
    if not isinstance(common, Mapping) or not isinstance(tests, Mapping):
        raise ConfigurationError(f"{file}: 'common' and 'tests' have to be tables. {_like()}")
    for name, test in tests.items():
        given = {**common, **(test if isinstance(test, Mapping) else {})}
        if given.get("harness") != HARNESS:
            continue
        where = f"{file}: {shown(name)}"
        config = given.get("harness_config")
        asked = config.get("power_measurements") if isinstance(config, Mapping) else None
        if not isinstance(asked, Mapping):
            raise ConfigurationError(f"{where}: has no harness_config.power_measurements. {_like()}")
        try:
            yield Case(name=str(name)[:300], file=file, measurements=Measurements.model_validate(dict(asked)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            says = shown(first["msg"], 200)
            if first["type"] == "missing":
                there = ", ".join(shown(each) for each in asked) or "nothing"
                says = f"is missing. Try: look whether it is misspelt in what is there: {there}"
            raise ConfigurationError(f"{where}: power_measurements.{shown(key)}: {says}") from None


def _document(file: Path) -> Mapping[str, Any]:
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(f"{file}: reading YAML needs the package pyyaml. {_EXTRA}") from None
    try:
        text = read_text(file, MOST_BYTES)
        if _open_brackets(text) > _MOST_OPEN:
            raise ValueError("its brackets are nested too deep")
        document = yaml.safe_load(text)  # not the loader in C, whose stack deep nesting would overflow
    except (OSError, TextError) as error:
        raise ConfigurationError(f"{file}: cannot be read ({in_words(error)})") from None
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise ConfigurationError(f"{file}: is not YAML ({shown(' '.join(str(error).split()), 200)})") from None
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"{file}: holds no table. {_like()}")
    return document


def _open_brackets(text: str) -> int:
    """Return how many brackets are open at most; the parser's time grows with its square."""
    least = depth = 0
    most = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket in "[{" else -1
        least = min(least, depth)
        most = max(most, depth - least)
    return most


def _like() -> str:
    return "Try: a file as in Zephyr's documentation of the power harness"
