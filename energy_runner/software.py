# SPDX-License-Identifier: Apache-2.0
"""Which software runs: the commit it comes from, and the versions of the libraries that take part."""

import json
import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.metadata import version as installed_version
from pathlib import Path

_LIBRARIES = ("GTC", "numpy", "pydantic", "pyjls", "pyserial", "pyvisa", "pyvisa-py", "scipy")
_ROOT = Path(__file__).parent.parent
_LONGEST_S = 5.0


@cache
def commit() -> str | None:
    """Return the commit of a git checkout (with `-dirty` if files differ from it) or of an installation from git.

    None where neither is known, as for a released package.
    """
    return _of_checkout() if (_ROOT / ".git").exists() else _of_installation()


@cache
def libraries() -> dict[str, str]:
    """Return the versions of the libraries that take part in a run, by name, of those that are installed."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = installed_version(name)
        except PackageNotFoundError:
            continue
    return found


def python() -> str:
    """Return implementation and version of Python."""
    return f"{platform.python_implementation()} {platform.python_version()}"


def machine() -> str:
    """Return operating system and processor, without anything that names this one computer."""
    return f"{platform.system()} {platform.machine()}"


def _of_checkout() -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(_ROOT), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_LONGEST_S)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.strip() or None


def _of_installation() -> str | None:
    """Return the commit that pip noted when it installed from a repository (PEP 610)."""
    try:
        noted = json.loads(distribution("energy-runner").read_text("direct_url.json") or "{}")
        found = noted.get("vcs_info", {}).get("commit_id")
    except (PackageNotFoundError, ValueError, AttributeError):
        return None
    return str(found) if found else None
