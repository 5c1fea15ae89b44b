# SPDX-License-Identifier: Apache-2.0
"""The version of the software, as it goes into every session."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version


@cache
def version() -> str:
    """Return the installed version, or a word that says that there is none."""
    try:
        return installed_version("energy-runner")
    except PackageNotFoundError:
        return "0+not-installed"
