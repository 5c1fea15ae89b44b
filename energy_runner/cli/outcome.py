"""How a command ends: one plain line for what the user can mend, and the exit status of the surface."""

import sys

import typer

from energy_runner.errors import ExitStatus, RunnerError


def run_app(app: typer.Typer) -> int:
    """Run the command line and return its exit status; known errors become one line on stderr."""
    try:
        # Not standalone: click would otherwise turn Ctrl-C into status 1, and here it is 4.
        status = app(standalone_mode=False)
    except RunnerError as error:
        return _say(str(error), error.status)
    except KeyboardInterrupt:
        return _say("stopped by Ctrl-C", ExitStatus.INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        return ExitStatus.VALID
    except OSError as error:
        return _say(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), ExitStatus.BENCH_FAULT)
    except Exception as error:
        return _other(error)
    return int(status or 0)


def _other(error: Exception) -> int:
    """Handle what needs an import to be recognised: click's errors and those of the control layer."""
    import click

    from instruments.errors import InstrumentError

    if isinstance(error, click.exceptions.Abort):
        return _say("stopped by Ctrl-C", ExitStatus.INTERRUPTED)
    if isinstance(error, click.ClickException):
        error.show()
        return ExitStatus.USAGE
    if isinstance(error, click.exceptions.Exit):
        return int(error.exit_code)
    if isinstance(error, InstrumentError):
        return _say(" ".join(str(error).split()), ExitStatus.BENCH_FAULT)
    raise error


def _say(message: str, status: ExitStatus) -> int:
    print(f"energy-runner: {message}", file=sys.stderr)  # noqa: T201 - this is the command line
    return int(status)
