# SPDX-License-Identifier: Apache-2.0
"""Write the files of a submission to disk: all of them or none, and never over existing files."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from energy_runner.errors import Argument, ConfigurationError

_OUT = Argument("out")
_ADVICE = ("Try another ", _OUT, ", or remove it first")


def write_tree(out: Path, files: Mapping[str, bytes], owned: Sequence[str], outside: Sequence[Path] = ()) -> None:
    """Write `files` (path below `out` to content); nothing is left behind if one of them cannot be written.

    A file that exists with the same bytes stays. Raises `ConfigurationError` for other content in its place, for
    foreign files in the folders `owned`, which belong to the export alone, for symbolic links in the tree, and for
    an `out` inside one of the sessions in `outside`: a session's folder holds facts only.
    """
    for path in outside:
        if out.resolve().is_relative_to(path.resolve()):
            raise ConfigurationError(f"{out}: is inside the session {path}. Try another ", _OUT)
    try:
        for name in (*files, *owned):
            _refuse_links(out, name)
        _refuse_foreign_files(out, files, owned)
        missing = [name for name in files if not _is_there(out / name, files[name])]
    except OSError as error:
        raise ConfigurationError(f"{error.filename or out}: cannot be read ({error.strerror})") from None
    made: list[Path] = []
    try:
        for name in missing:
            _make_folder((out / name).parent, made)
            with (out / name).open("xb") as file:
                made.append(out / name)
                file.write(files[name])
    except BaseException as error:
        _take_back(made)
        if isinstance(error, OSError):
            raise ConfigurationError(
                f"{error.filename or out}: cannot be written ({error.strerror}); what had been written was removed"
            ) from None
        raise


def _refuse_links(out: Path, name: str) -> None:
    """Refuse a symbolic link: files would land elsewhere, and the checker refuses any tree with one."""
    place = out
    for part in ("", *Path(name).parts):
        place = place / part
        if place.is_symlink():
            raise ConfigurationError(f"{place}: is a symbolic link, and a submission must hold none. ", *_ADVICE)
    if out.exists() and not out.is_dir():
        raise ConfigurationError(f"{out}: is not a folder. Try another ", _OUT)


def _refuse_foreign_files(out: Path, files: Mapping[str, bytes], owned: Sequence[str]) -> None:
    ours = {out / name for name in files}
    for folder in owned:
        for path in sorted((out / folder).rglob("*")):
            if path.is_symlink() or (path not in ours and not path.is_dir()):
                raise ConfigurationError(f"{path}: exists already and is not part of this export. ", *_ADVICE)


def _is_there(path: Path, data: bytes) -> bool:
    if not path.exists():
        return False
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return True
    raise ConfigurationError(f"{path}: exists already with other content. ", *_ADVICE)


def _make_folder(folder: Path, made: list[Path]) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, made)
        folder.mkdir()
        made.append(folder)


def _take_back(made: Sequence[Path]) -> None:
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()
