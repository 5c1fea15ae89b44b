# SPDX-License-Identifier: Apache-2.0
"""`certify --form`: ask the laboratory for what its profile lacks, and write the answers into it."""

import sys
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from energy_runner.cli.outcome import say
from energy_runner.cli.output import write_json, write_line
from energy_runner.errors import Argument, ConfigurationError, ExitStatus, RunnerError
from energy_runner.wording import printable

if TYPE_CHECKING:
    from energy_runner.certificate.profile.form import Asked
    from energy_runner.session.folder import Session

DEFAULT = Path("lab.toml")
_COLUMNS = 80


def write_empty(profile: Path | None, *, as_json: bool) -> int:
    """Write a whole profile in which nothing is filled in; nothing is overwritten."""
    from energy_runner import api

    path = api.write_profile_form(profile or DEFAULT)
    if as_json:
        write_json({"schema": "energy-runner/certify/1", "profile": str(path)})
    else:
        write_line(str(path))
    return ExitStatus.VALID


def ask_for_missing(session: "Session", profile: Path | None, asked: dict[str, Any]) -> Path | None:
    """Ask for each key that the certificate of a session lacks, write the answers, and return the profile."""
    from energy_runner import api
    from energy_runner.certificate.profile.form import questions_for

    path = profile or DEFAULT
    there = path if path.exists() else None
    facts = api.certificate_facts(session, profile=there, **asked)
    questions = questions_for(facts.missing)
    if not questions:
        say(f"{path}: nothing is missing")
        return there
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigurationError(
            "there is no terminal to ask on. Try: without ",
            Argument("form", "True"),
            f", and these keys in {printable(str(path))}: {', '.join(one.key for one in questions)}",
        )
    answers: dict[str, str] = {}
    try:
        _ask(questions, path, answers)
    finally:  # what was answered before Ctrl-C is not lost
        if answers:
            api.fill_in_profile(path, answers)
            say(f"{path}: {len(answers)} {'answer' if len(answers) == 1 else 'answers'} written")
    return path if answers else there


def _ask(questions: "list[Asked]", path: Path, answers: dict[str, str]) -> None:
    say(f"{len(questions)} items are missing in {path}; an empty answer leaves one out")
    for number, one in enumerate(questions, 1):
        answer = _answer(one, f"{number}/{len(questions)}", path)
        if answer:
            answers[one.key] = answer


def _typed(key: str) -> str:
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"what was typed for {key} is not text in the encoding of this terminal. "
            "Try: set the terminal to UTF-8, and the same command again"
        ) from None


def _answer(one: "Asked", place: str, path: Path) -> str:
    """Return what was typed, asked again until the profile can hold it; empty for nothing."""
    from energy_runner import api

    while True:
        asked = wrap(printable(f"{place} {one.what}, such as {one.example}"), _COLUMNS, subsequent_indent="  ")
        sys.stderr.write("\n".join([*asked, f"  {printable(one.key)}: "]))
        sys.stderr.flush()
        line = _typed(one.key)
        answer = line.strip()
        if not line:
            raise ConfigurationError(f"the questions were left at {one.key}. Try: the same command again")
        if not answer:
            return ""
        try:
            api.check_profile_answer(one.key, answer, path)
        except RunnerError as error:
            said = str(error).partition(". Try:")[0].removeprefix(f"{one.key}, line 2: ")
            sys.stderr.write(f"  not possible: {printable(said)}\n")
            continue
        return answer
