"""Import a published session: the same facts in our form, and from there on the same path as any session."""

from pathlib import Path

import numpy as np

from energy_runner.errors import SessionError
from energy_runner.published.conversion.events import make_record, write_facts
from energy_runner.published.discover import LINK, Found, discover
from energy_runner.published.eembc.read import read_eembc
from energy_runner.published.mlcommons.read import read_mlcommons
from energy_runner.published.model import Published
from energy_runner.session.folder import Session, create_session

_MLCOMMONS = (
    b"Logging initialized",
    b"SerialDevice",
    b"Power Edition Output",
    b"Energy data for trial",
    b"Top 1% =",
)
_SNIFFED = 4096


def find_one(path: Path) -> Found:
    """Return the session in the folder `path`, or that `path` is a file of.

    Raises `SessionError` if there is none, or more than one.
    """
    if not path.exists():
        raise SessionError(f"{path}: no such file or folder")
    folder = path if path.is_dir() else path.parent
    found = [one for one in discover(folder) if one.files]
    here = [one for one in found if one.folder == folder]
    if not path.is_dir():
        here = [one for one in here if any(path in paths for paths in one.files.values())]
    chosen = here or found
    if not chosen:
        raise SessionError(f"{path}: holds no session of the EEMBC or the MLCommons runner")
    if len(chosen) > 1:
        names = ", ".join(one.name for one in chosen[:3])
        raise SessionError(f"{path}: holds {len(chosen)} sessions ({names} ...). Try one of them, or audit")
    return chosen[0]


def read_published(found: Found, stimuli: Path | None = None) -> Published:
    """Return the session in `found`, of whichever runner; raises `SessionError` if nothing of it can be read."""
    with np.errstate(all="ignore"):  # samples may be anything; what is no number is counted and named
        session = read_mlcommons(found) if _is_mlcommons(found) else read_eembc(found, stimuli)
    for name in found.refused:
        if not any(name in note.detail for note in session.notes):
            session.note("link-refused", f"{name}: {LINK}")
    return session


def _is_mlcommons(found: Found) -> bool:
    if found.file("json") is not None:
        return True
    for role in ("log", "results"):
        path = found.file(role)
        if path is not None and path.is_file() and path.name not in found.refused:
            try:
                with path.open("rb") as file:
                    head = file.read(_SNIFFED)
            except OSError:
                continue
            if any(mark in head for mark in _MLCOMMONS):
                return True
    return False


def import_session(path: Path, out: Path, stimuli: Path | None = None) -> Session:
    """Write the published session at `path` as one of ours into `out`, and open it.

    `path` is a session's folder or one of its files; `out` must be empty or absent, and is left as it was if
    the import fails. `stimuli` is a folder with label files, for classes that file names do not tell. Raises
    `SessionError` in one line for what cannot be imported, `ConfigurationError` for a bad `out`.
    """
    return write_imported(read_published(find_one(path), stimuli), out)


def write_imported(session: Published, out: Path) -> Session:
    """Write a published session that was read into `out`, all of it or nothing, and open it."""
    if not session.commands and session.recording is None:
        raise SessionError(f"{session.folder}: nothing of the run itself can be read, only what was published")
    record = make_record(session, out.name, _path_there(session.folder), with_hashes=True)
    existed = out.exists()
    folder = create_session(out.parent, out.name, out)
    try:
        write_facts(session, folder, record)
    except BaseException:
        for item in folder.iterdir():
            item.unlink()
        if not existed:
            folder.rmdir()
        raise
    return Session.open(folder)


def _path_there(folder: Path) -> str:
    """Return a session's path in the repository of its round, for example `v0.7/closed/...`, and nothing above."""
    parts = folder.resolve().parts
    for division in ("closed", "open", "network"):
        if division in parts[1:]:
            return "/".join(parts[parts.index(division, 1) - 1 :]).lstrip("/")
    return "/".join(parts[-3:]).lstrip("/")
