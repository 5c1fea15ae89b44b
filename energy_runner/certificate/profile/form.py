# SPDX-License-Identifier: Apache-2.0
"""The laboratory's profile as a form: an empty one with comments, and one with answers put in.

What stands in a profile stays: comments, order and all values but empty ones that are answered.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from energy_runner.certificate.facts import Missing
from energy_runner.certificate.needed import needed_module
from energy_runner.certificate.profile.load import profile_from_text
from energy_runner.certificate.profile.questions import OF_INSTRUMENT, QUESTIONS
from energy_runner.errors import ConfigurationError
from energy_runner.wording import shown

_EXAMPLES_OF_INSTRUMENT = {
    "make": "Example Instruments",
    "model": "PM-1",
    "serial": "MY12345678",
    "firmware": "1.2.0",
    "certificate": "K-2026-17",
    "laboratory": "Example Calibration",
    "date": "2026-01-31",
    "due": "2027-01-31",
}
# Keys whose values are no texts: what is typed is read as TOML.
_NO_TEXTS = frozenset({"item.clock_hz", "conditions.temperature_c"})
# The keys of the profile that nobody is asked for, each with what it is and an example as TOML.
OTHERS = {
    "laboratory.contact": ("a person, an e-mail address or a telephone number", '"lab@example.org"'),
    "laboratory.place": ("where it was measured, if not at the address", '"Room 12"'),
    "laboratory.accreditation": ("number of its accreditation", '"D-K-00000-00-00"'),
    "customer.name": ("for whom it was measured", '"Example Customer"'),
    "customer.address": ("postal address", '"2 Example Street, 12345 Example"'),
    "customer.country": ("country, ISO 3166-1 alpha-2", '"DE"'),
    "customer.contact": ("a person, an e-mail address or a telephone number", '"buyer@example.org"'),
    "item.memory": ("memory that the benchmark uses", '"640 kB of RAM"'),
    "item.modifications": ("what was changed about the board", '["JP6 open"]'),
    "item.typical": ("whether its silicon is typical", "true"),
    "item.availability": ("available, preview or research", '"available"'),
    "item.condition": ("its condition when it was received", '"new"'),
    "item.received": ("day on which it was received", "2026-01-05"),
    "item.photos": ("photographs, each with its file", '[{ file = "setup.jpg", shows = "the set-up" }]'),
    "firmware.flags": ("flags of the compiler", '"-O3"'),
    "firmware.kernels": ("kernels or their library", '"CMSIS-NN 6.0"'),
    "firmware.quantisation": ("number formats of weights and activations", '"int8 weights and activations"'),
    "workload.division": ("division of the suite", '"closed"'),
    "conditions.humidity_percent": ("relative humidity, %", "45"),
    "conditions.warm_up_s": ("how long the instruments had been on, s", "3600"),
    "setup.jumpers": ("jumpers and switches of the board", '"IDD to the meter"'),
    "setup.isolation": ("how the signals to the IO manager are isolated or shifted", '"digital isolators"'),
    "setup.cables": ("cables between supply and DUT", '"4 x 0.3 m, 0.5 mm2"'),
}
OTHERS_OF_INSTRUMENT = {
    "accredited": ("whether that laboratory is accredited for it", "true"),
    "adjusted": ("whether the instrument was adjusted then", "false"),
}
# In the order of the tables of a profile.
_TABLES = ("laboratory", "customer", "people", "item", "firmware", "workload", "conditions", "setup")
_INSTRUMENT = "instruments.NAME"
_HEAD = """\
# What the laboratory states for a certificate: energy-runner certify SESSION --profile THIS-FILE ...
# Remove the # before a line to fill it in. What is left out is listed in the certificate as missing, and nothing
# is invented. Files are relative to this one; their hashes go into the certificate.
"""


@dataclass(frozen=True)
class Asked:
    """A question to the laboratory: the key of the profile, what it is, and an example of an answer."""

    key: str
    what: str
    example: str


def questions_for(missing: Iterable[Missing]) -> list[Asked]:
    """Return the question for each missing item, in their order."""
    examples = {one.key: one.example for one in QUESTIONS}
    return [
        Asked(one.key, one.what, examples.get(one.key) or _EXAMPLES_OF_INSTRUMENT[one.key.rpartition(".")[2]])
        for one in missing
    ]


def empty_profile() -> str:
    """Return a whole profile without any answer: each key in a comment, with what it is and an example."""
    lines = [_HEAD]
    for table in _TABLES:
        lines += [f"[{table}]", *_commented(table), ""]
    lines += ["# Each instrument whose readings are in the result, by its name in the bench file:"]
    lines += [f"# [{_INSTRUMENT}]", *_of_instrument()]
    return "\n".join(lines) + "\n"


def with_answers(text: str, answers: Mapping[str, str], where: str) -> str:
    """Return a profile with answers, given as they were typed, by their keys; `where` is its name in messages.

    Raises `ConfigurationError` for an answer that a profile cannot hold, for a profile with a mistake, and if
    anything else than the answers would change.
    """
    wanted = _flat(_read(text, where)) | {key: _value(key, answer) for key, answer in answers.items()}
    for begun in (_uncommented(text, answers), text):  # lines of the empty form are filled in where they stand
        try:
            filled = _put_in(begun, answers)
            after = _flat(tomllib.loads(filled))
        except (ValueError, LookupError, TypeError):  # tables in a form that it cannot change
            continue
        if after == wanted and not _comments(begun) - _comments(filled):
            profile_from_text(filled, where)
            return filled
    raise ConfigurationError(
        f"{where}: the answers cannot be put in without changing something else. Try: write them into it "
        f"with a text editor: {', '.join(answers)}"
    )


def _value(key: str, answer: str) -> Any:
    """Return an answer as the value of its key; raises `ConfigurationError` for what is no number or list."""
    if key not in _NO_TEXTS:
        return answer
    try:
        (value,) = tomllib.loads(f"value = {answer}").values()
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        example = next(one.example for one in QUESTIONS if one.key == key)
        raise ConfigurationError(f"{key} = {shown(answer)}: cannot be read. Try: {example}") from None
    return value


def _put_in(text: str, answers: Mapping[str, str]) -> str:
    tomlkit = needed_module("tomlkit")
    document = tomlkit.parse(text)
    for key, answer in answers.items():
        table, path = document, _path(key)
        for depth, part in enumerate(path[:-1]):
            if part not in table:
                table[part] = tomlkit.table(is_super_table=depth < len(path) - 2)
            table = table[part]
        _set(table, path[-1], tomlkit.value(answer) if key in _NO_TEXTS else answer)
    return str(tomlkit.dumps(document))


def _set(table: Any, key: str, value: Any) -> None:
    """Set a key of a table; a new one comes behind the last key, before the comments at the table's end."""
    body, behind = getattr(table.value, "body", []), []  # an inline table has none
    while key not in table and body and body[-1][0] is None:
        behind.append(body.pop())
    table[key] = value
    body.extend(reversed(behind))


def _uncommented(text: str, answers: Mapping[str, str]) -> str:
    """Return a profile in which the lines of the empty form that are answered are no comments any more."""
    lines = {
        line: f"{key.rpartition('.')[2]} = ''  # {what}" for key, what, line in _form_lines() if key in answers
    }
    return "\n".join(lines.get(line, line) for line in text.split("\n"))


def _path(key: str) -> list[str]:
    """Return the tables and the key in a key with dots; the name of an instrument may have some."""
    first, *inner, last = key.split(".")
    return [first, ".".join(inner), last] if inner else [first, last]


def _form_lines() -> list[tuple[str, str, str]]:
    """Return each key of the empty form, what it is, and its line."""
    asked = [(one.key, one.what, _toml(one.key, one.example)) for one in QUESTIONS]
    others = [(key, what, example) for key, (what, example) in OTHERS.items()]
    return [
        (key, what, f"# {key.rpartition('.')[2]} = {example}  # {what}")
        for key, what, example in (*asked, *others)
    ]


def _commented(table: str) -> list[str]:
    return [line for key, _, line in _form_lines() if key.rpartition(".")[0] == table]


def _of_instrument() -> list[str]:
    asked = [f'# {key} = "{_EXAMPLES_OF_INSTRUMENT[key]}"  # {what}' for key, what in OF_INSTRUMENT]
    return [*asked, *(f"# {key} = {example}  # {what}" for key, (what, example) in OTHERS_OF_INSTRUMENT.items())]


def _toml(key: str, example: str) -> str:
    return example if key in _NO_TEXTS else f'"{example}"'


def _read(text: str, where: str) -> dict[str, Any]:
    profile_from_text(text, where)  # which says in words what is wrong with it
    return tomllib.loads(text)


def _flat(table: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return the values of a profile by their keys with dots."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        place = f"{path}.{key}" if path else key
        found |= _flat(value, place) if isinstance(value, dict) else {place: value}
    return found


def _comments(text: str) -> set[str]:
    """Return the lines of comments; those behind a value are compared where the value stays."""
    return {line.strip() for line in text.splitlines() if line.strip().startswith("#")}
