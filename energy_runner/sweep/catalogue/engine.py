# SPDX-License-Identifier: Apache-2.0
"""Open the database of a catalogue: SQLite in WAL mode for a path, PostgreSQL for an address."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from energy_runner.errors import BenchFault, ConfigurationError, in_words, remedy
from energy_runner.sweep.catalogue.tables import INFO, META, VERSION
from energy_runner.wording import printable, shown

# For as long as a backup, or another worker on a slow disk, may keep the file locked.
BUSY_S = 20.0
# A client that stands still in the middle of a transaction, or has vanished, keeps rows of a server locked.
STALL_S = 10.0
_IDENTITY = "identity"
_SETUP_LOCK = 7_325_100_911  # any number, the same for all who make a catalogue's tables in PostgreSQL
# What a PostgreSQL server refuses today, it will refuse in an hour; psycopg tells it by its text alone.
_REFUSALS = {
    "password authentication failed": "the right password, in ~/.pgpass",
    "no password supplied": "the password in ~/.pgpass",
    "pg_hba.conf": "a line for this computer in the server's pg_hba.conf",
    'fatal: role "': "on the server: createuser --pwprompt USER",
    'fatal: database "': "on the server: createdb --owner USER DATABASE",
    "permission denied": "a database that belongs to this user: createdb --owner USER DATABASE",
}
_NOT_SQLITE = (
    "not a database",
    "malformed",
    "disk image",
    "unsupported file format",
    "no such column",
    "could not decode",
)


class CatalogueUnavailable(BenchFault):
    """The catalogue does not answer now, but may later: it is locked, its disk full, its server down."""


def open_engine(where: str | Path) -> Engine:
    """Return the engine of the catalogue at `where`, its tables made if there are none.

    Raises `ConfigurationError` for what cannot be a catalogue (another file, a newer version, a damaged one) and
    `CatalogueUnavailable` for one that does not answer now.
    """
    name = printable(named(where))
    engine = _engine(str(where), name)
    try:
        with guarded(name):
            _prepare(engine, name)
        if engine.dialect.name == "sqlite":
            _keep_to_file(engine, name)
    except BaseException:
        engine.dispose()
        raise
    return engine


def identity_of(engine: Engine, name: str) -> str:
    """Return the digits that tell this catalogue from every other; drawn at random when it was made."""
    with guarded(name), engine.begin() as connection:
        return str(connection.execute(select(INFO.c.value).where(INFO.c.key == _IDENTITY)).scalar())


def existing(where: str | Path) -> str | Path:
    """Return the address of a catalogue; raise `ConfigurationError` for a path where there is no file.

    Whoever only reads a catalogue, or serves one, must not make an empty one where a name was mistyped.
    """
    if "://" not in str(where) and not Path(where).is_file():
        raise ConfigurationError(
            f"{printable(str(where))}: no such catalogue on this computer. Try: the folder where "
            "`sweep run` was called, or --catalogue with what it was given (DIR/catalogue.sqlite after --out DIR)"
        )
    return where


def named(where: str | Path) -> str:
    """Return the address of a catalogue without its password."""
    if "://" not in str(where):
        return str(where)
    try:
        return make_url(str(where)).render_as_string(hide_password=True)
    except ArgumentError:
        return "the catalogue"


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Turn errors of the database into ours: what it is, and what to try."""
    try:
        yield
    except DBAPIError as error:
        raise _told(error, name) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise _damaged(name, _line(error)) from error
    except SQLAlchemyError as error:
        raise CatalogueUnavailable(f"catalogue {name}: {_line(error)}") from error


def _told(error: DBAPIError, name: str) -> Exception:
    why = _line(error.orig or error)
    lower = why.lower()
    refused = next((what for sign, what in _REFUSALS.items() if sign in lower), None)
    if refused is not None:
        return ConfigurationError(f"catalogue {name}: {why}. Try: {refused}")
    if any(sign in lower for sign in _NOT_SQLITE):
        return _damaged(name, why)
    if "locked" in lower or "lock timeout" in lower:
        return CatalogueUnavailable(
            f"catalogue {name}: another program has kept it locked for {BUSY_S:g} s. Try: close programs that "
            "look into it"
        )
    if "full" in lower:
        return CatalogueUnavailable(f"catalogue {name}: its disk is full. Try: free disk space")
    return CatalogueUnavailable(f"catalogue {name}: {why}. Try: is its server running, and the disk writable?")


def _damaged(name: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"catalogue {name}: cannot be read ({why}). Nothing was changed in it. Try: keep a copy, and "
        "energy-runner sweep rebuild FOLDER --catalogue another.sqlite"
    )


def _line(error: BaseException) -> str:
    return shown(" ".join(str(error).split()), 200)


def _engine(where: str, name: str) -> Engine:
    if "://" not in where:
        return _sqlite(Path(where), name)
    try:
        url = make_url(where)
        if url.get_backend_name() == "sqlite":
            return _sqlite(Path(url.database or ""), name)
        if url.get_backend_name() != "postgresql":
            raise ConfigurationError(f"catalogue {name}: must be a path, or postgresql://USER@HOST/DATABASE")
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        return _postgresql(url)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigurationError(
            f"catalogue {shown(where)}: {_line(error)}. Try: a path, or postgresql://USER@HOST/DATABASE"
        ) from None
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"catalogue {name}: needs the package {error.name}. Try: pip install 'energy-runner[postgresql]'"
        ) from None


def _postgresql(url: URL) -> Engine:
    arguments = {
        "client_encoding": "utf8",  # also where the server was set up without a language
        "connect_timeout": 10,
        "keepalives_idle": 10,  # s; by default it takes two hours to notice a network that is gone
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,
    }
    engine = create_engine(url, pool_pre_ping=True, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.autocommit = True  # so that the settings outlive the first transaction
        for setting, wait_s in (("idle_in_transaction_session_timeout", STALL_S), ("lock_timeout", BUSY_S)):
            connection.execute(f"SET {setting} = {round(wait_s * 1000)}")
        connection.autocommit = False

    return engine


def _sqlite(path: Path, name: str) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"catalogue {name}: {in_words(error)}{remedy(error)}") from None
    if path.is_dir():
        raise ConfigurationError(f"catalogue {name}: is a folder. Try: a file in it, such as catalogue.sqlite")
    url = URL.create("sqlite", database=str(path))  # not as text, in which `?` would end the path
    engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A reader that turns writer could be refused at once; a writer from the start waits its turn.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _keep_to_file(engine: Engine, name: str) -> None:
    """Let every use of the file raise `CatalogueUnavailable` when it is gone, or another one has its name.

    SQLite would go on writing into the file that was deleted, and make an empty one for the next connection.
    """
    path = Path(str(engine.url.database))
    ours = _file_of(path)

    def check(*_: Any) -> None:
        if _file_of(path) != ours:
            raise CatalogueUnavailable(
                f"catalogue {name}: was deleted, or another file has taken its place. The sessions stay. Try: put "
                "it back, or else energy-runner sweep rebuild FOLDER --catalogue another.sqlite"
            )

    event.listen(engine, "do_connect", check)
    event.listen(engine, "begin", check, insert=True)


def _file_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from every other on this computer; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(engine: Engine, name: str) -> None:
    """Make the tables if there are none; refuse what is not a catalogue of this version."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETUP_LOCK})
        tables = inspect(connection).get_table_names()
        if not tables:
            META.create_all(connection)
            connection.execute(INFO.insert().values(key="version", value=str(VERSION)))
            connection.execute(INFO.insert().values(key=_IDENTITY, value=secrets.token_hex(8)))
            return
        missing = [table for table in META.tables if table not in tables]
        if "catalogue" in missing:
            raise ConfigurationError(f"catalogue {name}: is a database of something else. Try: another file")
        found = connection.execute(select(INFO.c.value).where(INFO.c.key == "version")).scalar()
        if found is None or not str(found).isdecimal() or int(found) > VERSION:
            raise ConfigurationError(
                f"catalogue {name}: is of version {shown(found or '?')}, and this energy-runner reads up to "
                f"{VERSION}. Nothing was changed in it. Try: the newer energy-runner, or another catalogue"
            )
        if missing:
            raise ConfigurationError(
                f"catalogue {name}: the table {', '.join(missing)} is missing. Try: energy-runner sweep rebuild "
                "FOLDER --catalogue another.sqlite"
            )
