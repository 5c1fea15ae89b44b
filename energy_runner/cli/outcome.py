# SPDX-License-Identifier: Apache-2.0
"""How a command ends: a one-line message for errors that the user can correct, and the exit status."""

import re
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from energy_runner.cli import stopped_early
from energy_runner.cli.option_names import with_options
from energy_runner.cli.plain_help import without_types
from energy_runner.errors import STOPPED_BY_CTRL_C, ExitStatus, RunnerError
from energy_runner.wording import visible
from instruments.errors import one_line

ERROR_SCHEMA = "energy-runner/error/1"
_TYPER_SAW_CTRL_C = 130
_NUMBERS = {"int": "a whole number", "float": "a number", "finite": "a finite number"}
_BOUND = "Input should be "  # how pydantic begins to say what a value must be
_WITH_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+", re.ASCII)


def run_app(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; known errors become one line on stderr.

    If `--json` is among the arguments, a command that fails without a result also writes that line as the one
    JSON document on stdout, so that a program can always parse the output.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        # Not standalone, in which typer would end the process with its own status.
        command = without_types(typer.main.get_command(app))
        status = int(command(args=words, prog_name="energy-runner", standalone_mode=False) or 0)
    except RunnerError as error:
        return _fail(_and_notes(with_options(error), error), error.status, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        status = _TYPER_SAW_CTRL_C
    except OSError as error:
        return _system(error, as_json=as_json)
    except Exception as error:
        return _other(error, as_json=as_json)
    if status == _TYPER_SAW_CTRL_C:
        early, doubt = stopped_early(words)
        return _fail(f"{STOPPED_BY_CTRL_C}{doubt}", ExitStatus(early), as_json=as_json)
    return status


def say(message: str) -> None:
    """Write one line on stderr; if that fails, the exit status still says how the command ended."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"energy-runner: {one_line(message)}", file=sys.stderr)  # noqa: T201 - this is the command line


def _fail(message: str, status: ExitStatus, *, as_json: bool) -> int:
    say(message)
    if as_json:
        from energy_runner.cli.output import write_json

        with suppress(OSError):
            write_json({"schema": ERROR_SCHEMA, "status": int(status), "error": one_line(message)})
    return int(status)


def _system(error: OSError, *, as_json: bool) -> int:
    """Report an error of the operating system, such as a full disk or a file that has disappeared."""
    from energy_runner.cli.output import discard_stdout

    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        discard_stdout()
    where = f"{error.filename}: " if error.filename else ""
    message = _and_notes(f"{where}{error.strerror or error}", error)
    return _fail(message, ExitStatus.BENCH_FAULT, as_json=as_json)


def _and_notes(message: str, error: BaseException) -> str:
    """Return a message with what the job has added to its error: that the supply may still be on."""
    return "; ".join((message.rstrip("."), *notes)) if (notes := getattr(error, "__notes__", ())) else message


def _other(error: Exception, *, as_json: bool) -> int:
    """Handle typer's own errors, those of the control layer (whose import is slow), and our bugs."""
    usage = _usage(error)
    if usage is not None:
        return _fail(usage, ExitStatus.USAGE, as_json=as_json) if "\n" not in usage else _help(usage)
    from instruments.errors import InstrumentError

    if isinstance(error, InstrumentError):
        return _fail(_and_notes(str(error), error), ExitStatus.BENCH_FAULT, as_json=as_json)
    # Not status 1, which Python gives an uncaught exception: here it means "measured, but a rule failed".
    import traceback

    with suppress(OSError, ValueError):
        print(visible("".join(traceback.format_exception(error))), end="", file=sys.stderr)  # noqa: T201
    advice = "this is a bug in energy-runner; please report it with the lines above"
    message = _and_notes(f"internal error ({type(error).__name__}): {advice}", error)
    return _fail(message, ExitStatus.BENCH_FAULT, as_json=as_json)


def _usage(error: Exception) -> str | None:
    """Return typer's message about wrong arguments, with the help command to try; None for any other error.

    The errors are recognised by their attributes: some versions of typer use the classes of the package click,
    later ones their own.
    """
    message, context = getattr(error, "format_message", None), getattr(error, "ctx", None)
    if message is None:
        return None
    text = _not_a_number(error) or str(message())
    if "\n" in text or context is None:
        return text
    stop = "" if text.endswith((".", "?")) else "."
    return f"{text}{stop} Try: {context.command_path} --help"


def _not_a_number(error: Exception) -> str:
    """Return the message about an option whose value is not a number, with that value; empty for any other error.

    Typer's own message is that of the package pydantic, for programmers, and leaves the value out.
    """
    found = getattr(error.__cause__, "errors", None)
    if found is None:
        return ""
    first = found()[0]
    kind = _NUMBERS.get(str(first.get("type", "")).partition("_")[0])
    bound = str(first.get("msg", ""))
    if kind is None and bound.startswith(_BOUND):
        kind = bound.removeprefix(_BOUND)
    if kind is None:
        return ""
    given = str(first.get("input", ""))
    parameter = getattr(error, "param", None)
    name = max(getattr(parameter, "opts", None) or [""], key=len)
    with_point = given.replace(",", ".")
    hint = f", with a decimal point: {with_point}" if _WITH_COMMA.fullmatch(given) else ""
    return f"{name} {given[:60]}: must be {kind}{hint}"


def _help(text: str) -> int:
    """Show the help of a group of commands that was called without a command."""
    with suppress(OSError, ValueError):
        print(visible(text), file=sys.stderr)  # noqa: T201 - this is the command line
    return int(ExitStatus.USAGE)
