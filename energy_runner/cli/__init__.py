# SPDX-License-Identifier: Apache-2.0
"""The command line: `energy-runner --help`. Heavy imports stay inside the commands."""

import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

_INTERRUPTED = 4  # ExitStatus.INTERRUPTED; importing it here would leave a moment in which Ctrl-C is not caught


def main() -> NoReturn:
    """Run the command line and end the process with a status of `ExitStatus`."""
    try:
        from energy_runner.cli.app import app
        from energy_runner.cli.outcome import run_app

        status = run_app(app)
    except KeyboardInterrupt:
        sys.stderr.write("energy-runner: stopped by Ctrl-C (SIGINT)\n")
        status = _INTERRUPTED
    # The status is settled. A Ctrl-C while the interpreter shuts down would only add a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if status == _INTERRUPTED:
        # Python remembers some interrupts that were caught (those inside an `exec`) and would end with the
        # signal instead of our status.
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)
    sys.exit(status)
