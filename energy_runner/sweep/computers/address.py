# SPDX-License-Identifier: Apache-2.0
"""The address of a scheduler, as people give it and as dask takes it."""

import logging
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from energy_runner.errors import ConfigurationError
from energy_runner.wording import printable, shown

_SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z+]+)://(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})/?"
)


@dataclass(frozen=True)
class Scheduler:
    """A dask scheduler: `given` as people wrote it, `address` as dask takes it, `host` on which it runs."""

    given: str
    address: str
    host: str
    secure: bool

    def security(self) -> Any:
        """Return dask's settings for TLS, from its own configuration; None without TLS.

        Raises `ConfigurationError` if TLS is wanted and no certificates are named there.
        """
        if not self.secure:
            return None
        distributed: Any = import_module("distributed")
        found = distributed.Security(require_encryption=True)
        if not found.tls_ca_file:
            raise ConfigurationError(
                f"{self.given}: TLS needs certificates, and dask's configuration names none. Try: "
                "DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its neighbours, see the how-to 'A sweep on several "
                "computers'"
            )
        return found


def scheduler_at(given: str) -> Scheduler:
    """Return the scheduler at `dask://HOST:PORT`, or `dask+tls://HOST:PORT`.

    Raises `ConfigurationError` for any other address, and if the package for it is missing.
    """
    found = _ADDRESS.fullmatch(given)
    if found is None or found["scheme"] not in _SCHEMES or not 0 < int(found["port"]) < 65_536:
        raise ConfigurationError(
            f"scheduler {shown(given)}: must be dask://HOST:PORT, or dask+tls://HOST:PORT. Try: dask://pc1:8786"
        )
    if find_spec("distributed") is None:
        raise ConfigurationError(
            f"scheduler {printable(given)}: needs the package distributed. Try: pip install 'energy-runner[dask]'"
        )
    scheme = _SCHEMES[found["scheme"]]
    return Scheduler(
        given, f"{scheme}://{found['host']}:{found['port']}", found["host"].strip("[]"), scheme == "tls"
    )


def resource(bench: str) -> str:
    """Return the name of the resource that stands for a bench; one worker owns one of it."""
    return f"bench-{bench}"


def quiet() -> None:
    """Keep dask from writing what it thinks of its connections; what matters of it is told in our words."""
    import_module("distributed")  # which sets the levels of its loggers
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
