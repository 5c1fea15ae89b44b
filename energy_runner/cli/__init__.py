"""The command line: `energy-runner --help`. Heavy imports stay inside the commands."""

import sys


def main() -> None:
    """Run the command line; the process ends with a status of `ExitStatus`."""
    from energy_runner.cli.app import app
    from energy_runner.cli.outcome import run_app

    sys.exit(run_app(app))
