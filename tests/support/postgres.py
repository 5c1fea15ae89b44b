# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server for tests: the Debian package's programs, on a port of its own, gone when the test is over.

A test module imports the fixture `postgres`, or calls `postgres_server` in a fixture of its own.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from instruments.clock import RealClock

_USER = "postgres"
_PATIENCE_S = 60.0
# What was kept outlives a server that is killed, as in earnest, but not a power cut: the disk is not waited for.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "120",
    "autovacuum": "off",
}


def programs() -> Path | None:
    """Return the folder of the newest server that Debian's package `postgresql` has installed; None without."""
    found = [one.parent for one in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda one: float(one.parent.name), default=None)


class PostgresServer:
    """A server with the databases that tests make in it; it can be stopped and started again meanwhile."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.port = _free_port()
        self._folder = folder
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        folder.chmod(0o700)
        if os.getuid() == 0:  # the server refuses to run as root
            owner = pwd.getpwnam(_USER)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [
                *_as_owner(),
                binaries / "initdb",
                *("-D", folder / "data", "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C"),
                *("--no-sync", "--no-instructions"),
            ],
            cwd=folder,
            check=True,
            capture_output=True,
        )

    def start(self) -> None:
        """Start the server and wait until it answers. It ends with this process, however that ends."""
        options = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_as_owner("--pdeathsig", "QUIT"),
                    *(self._binaries / "postgres", "-D", self._folder / "data", "-p", str(self.port), *options),
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the tests
            )
        clock = RealClock()
        deadline = clock.deadline(_PATIENCE_S)
        while not self._answers():
            if deadline.expired() or self._process.poll() is not None:
                log_text = (self._folder / "log").read_text("utf-8", "replace")[-2000:]
                raise AssertionError(f"the PostgreSQL server did not start: {log_text}")
            clock.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT breaks all connections off, SIGQUIT leaves the recovery for its next start."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None

    def new_database(self) -> str:
        """Make an empty database; return its address as a catalogue takes it."""
        self._made += 1
        name = f"catalogue_{self._made}"
        with self._connected() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def _connected(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=10)

    def _answers(self) -> bool:
        try:
            self._connected().close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server while the body runs; skip the test where the package is not installed."""
    binaries = programs()
    if binaries is None:
        pytest.skip("the Debian package postgresql is not installed (scripts/install-packages)")
    # Not in pytest's folder: the user of the server could not enter that.
    folder = Path(tempfile.mkdtemp(prefix="energy-runner-postgres-"))
    try:
        server = PostgresServer(folder, binaries)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """A server for the tests of a module."""
    with postgres_server() as server:
        yield server


def _as_owner(*options: str) -> list[str]:
    """Return what a command of the server begins with: root gives itself up, everybody else is himself."""
    owner = ["--reuid", _USER, "--regid", _USER, "--init-groups"] if os.getuid() == 0 else []
    return ["setpriv", *owner, *options] if owner or options else []


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
