# SPDX-License-Identifier: Apache-2.0
"""Drive a verifier over the suite: `python -m tests.support.wrong_certificates.run [--suite DIR] -- COMMAND...`.

Of each case `COMMAND FILE --ring RING [--session DIR] [--accuracy-session DIR] [--authority PEM]... --json` is run
in the folder of the case. Its status is 0 (verified), 1 (not verified) or 2 (no certificate at all), and it prints
a JSON document with `holds` and `checks`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.wrong_certificates.judge import complaints
from tests.support.wrong_certificates.write import write_all

DEADLINE_S = 120.0


def run_case(folder: Path, command: Sequence[str]) -> list[str]:
    """Run a verifier on one case, and return what is wrong with its answer."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    asked = [*command, *arguments(expected["verify"])]
    try:
        done = subprocess.run(asked, cwd=folder, capture_output=True, timeout=DEADLINE_S, check=False)
    except subprocess.TimeoutExpired:
        return [f"no answer within {DEADLINE_S:g} s"]
    except OSError as error:
        return [f"{command[0]} cannot be run: {error.strerror}"]
    return complaints(expected, done.returncode, _document(done.stdout))


def arguments(verify: dict[str, Any]) -> list[str]:
    """Return the arguments of a verifier for what `expected.json` says under `verify`."""
    options = [("--session", verify["session"]), ("--accuracy-session", verify["accuracy_session"])]
    options += [("--authority", one) for one in verify["authorities"]]
    given = [each for option in options if option[1] is not None for each in option]
    return [verify["file"], "--ring", verify["ring"], *given, "--json"]


def _document(printed: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(printed)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def run_suite(suite: Path, command: Sequence[str], only: Sequence[str] = ()) -> int:
    """Run a verifier on each case of a written suite, print what is wrong, and return how many cases are."""
    folders = sorted(one.parent for one in suite.glob("*/expected.json") if not only or one.parent.name in only)
    wrong = 0
    for folder in folders:
        found = run_case(folder, command)
        wrong += bool(found)
        print(f"{'FAIL' if found else 'ok  '} {folder.name}{': ' if found else ''}{'; '.join(found)}", flush=True)
    print(f"{len(folders) - wrong} of {len(folders)} cases are judged as they have to be")
    return wrong or not folders


def main() -> None:
    """Write the suite, unless there is one already, and run a verifier on it."""
    parser = argparse.ArgumentParser(description="Run a verifier of certificates on the suite of wrong ones.")
    parser.add_argument("--suite", type=Path, metavar="DIR", help="a suite that was written before")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only this case; several times"
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the verifier, after --")
    asked = parser.parse_args()
    if asked.suite is not None:
        sys.exit(min(1, run_suite(asked.suite.resolve(), asked.command, asked.only)))
    with tempfile.TemporaryDirectory(prefix="wrong-certificates-") as parent:
        suite = Path(parent) / "suite"
        write_all(suite)
        sys.exit(min(1, run_suite(suite, asked.command, asked.only)))


if __name__ == "__main__":
    main()
