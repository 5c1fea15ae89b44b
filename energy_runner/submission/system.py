# SPDX-License-Identifier: Apache-2.0
"""The form of a system description, filled in once per board."""

import difflib
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from energy_runner.errors import Call, ConfigurationError, in_words
from energy_runner.submission.names import check_value
from energy_runner.text_file import TextError, read_text
from energy_runner.toml_text import MOST_BYTES, BoundsError, TomlSyntaxError, read_toml

_ADVICE = (
    "Try: ",
    Call("er.write_system_form(FILE)", "energy-runner export mlperf --new-system FILE"),
    ", which writes an empty form",
)


class Field(BaseModel):
    """One line of the description: its key in the form, its official name, and what belongs there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    name: str
    group: str
    help: str
    mandatory: bool = False


@cache
def fields() -> tuple[Field, ...]:
    """Return the description's lines in their order."""
    file = resources.files("energy_runner.submission").joinpath("templates", "system_fields.toml")
    return tuple(Field.model_validate(entry) for entry in tomllib.loads(file.read_text("utf-8"))["field"])


def empty_form() -> str:
    """Return the form to be filled in, as TOML with a comment at each key."""
    lines = [
        "# System description of an MLPerf Tiny submission, for energy-runner export mlperf --system-file FILE.",
        "# Fill in between the quotation marks; keys marked MANDATORY must not stay empty.",
        "# The export adds submitter, division and what the sessions say (supply voltage, monitor).",
    ]
    group = ""
    for field in fields():
        if field.group != group:
            group = field.group
            lines += ["", f"# --- {group}"]
        lines += [f"# {'MANDATORY: ' if field.mandatory else ''}{field.help}", f'{field.key} = ""']
    return "\n".join(lines) + "\n"


def read_form(path: Path) -> dict[str, str]:
    """Return the filled-in form as a mapping of all keys, with empty values where nothing was filled in.

    Raises `ConfigurationError`, which names the file and the key, for a file that is not such a form.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigurationError(f"{path}: is too large for a system description. ", *_ADVICE)
        document = read_toml(read_text(path, MOST_BYTES))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error}). ", *_ADVICE) from None
    except BoundsError as error:
        raise ConfigurationError(f"{path}: {error}. ", *_ADVICE) from None
    except TomlSyntaxError as error:
        raise ConfigurationError(f"{error.of(str(path))}. ", *_ADVICE) from None
    except TextError as error:
        raise ConfigurationError(f"{path}: cannot be read as text ({in_words(error)}). ", *_ADVICE) from None
    known = [field.key for field in fields()]
    for key, value in document.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else "."
            raise ConfigurationError(f"{path}: unknown key {key[:60]!a}{hint} ", *_ADVICE)
        if not isinstance(value, str):
            raise ConfigurationError(f"{path}: {key}: must be text between quotation marks")
    return {key: check_value(f"{path}: {key}", document.get(key, "")) for key in known}
