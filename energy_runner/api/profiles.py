# SPDX-License-Identifier: Apache-2.0
"""What a laboratory states for its certificates: an empty form, and answers put into one."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from energy_runner.api.keys import AnyPath
from energy_runner.certificate.profile import form
from energy_runner.certificate.profile.files import with_digests
from energy_runner.certificate.profile.load import load_profile, profile_from_text
from energy_runner.errors import BenchFault, ConfigurationError, in_words, remedy
from energy_runner.session import disk
from energy_runner.session.folder import write_bytes
from energy_runner.text_file import read_text
from energy_runner.toml_text import MOST_BYTES
from energy_runner.wording import printable

__all__ = ["check_profile_answer", "fill_in_profile", "write_profile_form"]


def write_profile_form(path: AnyPath) -> Path:
    """Write a whole profile in which nothing is filled in, each key in a comment; nothing is overwritten.

    Raises `ConfigurationError` if there is such a file already, or it cannot be written.
    """
    where = Path(path)
    _create(where, form.empty_profile())
    return where


def fill_in_profile(path: AnyPath, answers: Mapping[str, str]) -> Path:
    """Write answers, as they are typed, by their keys, such as `item.serial`, into a profile, and return its path.

    All that stands in it stays, comments included; only empty values are replaced. Where there is no such file
    yet, it is made. Raises `ConfigurationError` for what a profile cannot hold; then nothing was written.
    """
    where = Path(path)
    if not where.exists():
        filled = form.with_answers("", answers, printable(str(where)))
        with_digests(profile_from_text(filled, printable(str(where))), where.parent)
        _create(where, filled)
        return where
    load_profile(where)
    text = read_text(where, MOST_BYTES)
    filled = form.with_answers(text, answers, printable(str(where)))
    with_digests(profile_from_text(filled, printable(str(where))), where.parent)
    write_bytes(where.resolve(), filled.encode())  # a link stays one
    return where


def check_profile_answer(key: str, answer: str, path: AnyPath) -> None:
    """Raise `ConfigurationError` if the profile at `path` could not hold an answer, or it names no file there."""
    filled = form.with_answers("", {key: answer}, key)
    with_digests(profile_from_text(filled, key), Path(path).parent)


def _create(where: Path, text: str) -> None:
    try:
        file = where.open("xb", buffering=0)
    except FileExistsError:
        raise ConfigurationError(
            printable(f"{where}: there is a file already, and it is not overwritten. Try: another name")
        ) from None
    except OSError as error:
        raise _not_written(where, error) from error
    try:
        with file:
            disk.write_all(file, text.encode())
            disk.sync(file)
    except BaseException as error:  # also after Ctrl-C: half a profile would stand in the way of the next one
        with suppress(OSError):
            disk.remove(where)
        if not isinstance(error, OSError):
            raise
        raise _not_written(where, error) from error


def _not_written(where: Path, error: OSError) -> BenchFault:
    return BenchFault(printable(f"{where}: cannot be written ({in_words(error)}){remedy(error)}"))
