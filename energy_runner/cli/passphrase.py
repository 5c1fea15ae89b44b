# SPDX-License-Identifier: Apache-2.0
"""Passphrases: asked on the terminal, or taken from an environment variable; never an option, which others see."""

import os
import sys

from energy_runner.errors import ConfigurationError

KEY = "ENERGY_RUNNER_KEY_PASSPHRASE"
SEAL = "ENERGY_RUNNER_SEAL_PASSPHRASE"


def passphrase_for(what: str, variable: str = KEY) -> str:
    """Return the passphrase that opens `what`; raises `ConfigurationError` where nobody can be asked."""
    given = os.environ.get(variable)
    return _ask(f"Passphrase for {what}: ", variable) if given is None else given


def new_passphrase(what: str) -> str:
    """Return the passphrase that is to close `what`, asked twice; raises `ConfigurationError` if they differ."""
    given = os.environ.get(KEY)
    if given is not None:
        return given
    first = _ask(f"Passphrase for the new key {what}: ", KEY)
    if _ask("The same again: ", KEY) != first:
        raise ConfigurationError("the passphrases differ, so no key was made. Try: again")
    return first


def _ask(prompt: str, variable: str) -> str:
    import getpass

    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigurationError(
            f"a passphrase is needed, and there is no terminal to ask on. Try: the environment variable {variable}"
        )
    try:
        return getpass.getpass(prompt, stream=sys.stderr)
    except UnicodeDecodeError:
        raise ConfigurationError(
            "what was typed is not text in the encoding of this terminal. Try: set the terminal to UTF-8"
        ) from None
    except EOFError:
        raise ConfigurationError(
            f"a passphrase is needed, and the terminal was closed. Try: the environment variable {variable}"
        ) from None
