# SPDX-License-Identifier: Apache-2.0
"""A catalogue that cannot be used is refused in plain words, and nothing in it is changed."""

import sqlite3
from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.catalogue import Catalogue, SweepRow, engine
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable, named
from energy_runner.sweep.catalogue.rows import rows_of
from energy_runner.sweep.plan import plan_from_text


@pytest.mark.parametrize("folder", ["new folder", "ü 'q\" %20", "what?a=1#b", "file:x?mode=memory", "a@b:c"])
def test_a_new_catalogue_is_made_with_its_folder(tmp_path: Path, folder: str) -> None:
    where = tmp_path / folder / "catalogue.sqlite"
    Catalogue(where).close()
    assert [path.name for path in tmp_path.iterdir()] == [folder]
    with sqlite3.connect(where) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT value FROM catalogue WHERE key = 'version'").fetchone() == ("1",)
    assert Catalogue(where).sweeps() == []


@pytest.mark.parametrize(
    "content", [b"something else\n" * 100, b"SQLite format 3\0" + bytes(range(256)) * 8], ids=["text", "torn"]
)
def test_a_file_that_is_no_catalogue_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    where = tmp_path / "catalogue.sqlite"
    where.write_bytes(content)
    with pytest.raises(
        ConfigurationError, match=r"cannot be read .* Try: keep a copy, and energy-runner sweep re"
    ):
        Catalogue(where)
    assert where.read_bytes() == content


def test_a_damaged_page_is_told_as_such(tmp_path: Path) -> None:
    where = tmp_path / "catalogue.sqlite"
    Catalogue(where).close()
    data = bytearray(where.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    where.write_bytes(data)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Catalogue(where).sweeps()


@pytest.mark.parametrize("column", ["settings", "row"])
def test_a_damaged_text_is_told_as_such(tmp_path: Path, column: str) -> None:
    where = tmp_path / "catalogue.sqlite"
    catalogue = Catalogue(where)
    plan = plan_from_text('name = "night"\n', "night.toml")
    catalogue.add_sweep(SweepRow("night-1", "night", plan.text, "2026", "pc", "x", "open"), plan.points, {})
    with sqlite3.connect(where) as connection:
        connection.execute(f"UPDATE point SET state = 'done', {column} = ?", ["{\x00\x1b[31m"])  # noqa: S608
    if column == "row":  # the other points are shown all the same
        [row] = rows_of(catalogue, "night-1")
        assert row.state == "done"
        assert "its row in the catalogue cannot be read" in row.remarks[0]
    else:
        with pytest.raises(ConfigurationError, match=r"cannot be read .* Try: keep a copy"):
            rows_of(catalogue, "night-1")


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    where = tmp_path / "catalogue.sqlite"
    Catalogue(where).close()
    with sqlite3.connect(where) as connection:
        connection.execute("UPDATE catalogue SET value = '2'")
    with pytest.raises(
        ConfigurationError, match=r"is of version 2, and this energy-runner reads up to 1\. Nothing"
    ):
        Catalogue(where)


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    where = tmp_path / "shop.sqlite"
    with sqlite3.connect(where) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    with pytest.raises(ConfigurationError, match="is a database of something else"):
        Catalogue(where)


def test_a_catalogue_that_stays_locked_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_S", 0.1)
    where = tmp_path / "catalogue.sqlite"
    catalogue = Catalogue(where)
    with sqlite3.connect(where, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogueUnavailable, match="another program has kept it locked"):
            catalogue.sweeps()
        other.execute("ROLLBACK")
    assert catalogue.sweeps() == []


@pytest.mark.parametrize("again", [False, True], ids=["gone", "another"])
def test_a_catalogue_that_was_deleted_is_told_and_no_empty_one_is_made(tmp_path: Path, again: bool) -> None:
    where, aside = tmp_path / "catalogue.sqlite", tmp_path / "aside.sqlite"
    catalogue = Catalogue(where)
    where.rename(aside)
    if again:
        where.write_bytes(b"")
    with pytest.raises(CatalogueUnavailable, match=r"was deleted, or another file has taken its place\. The sess"):
        catalogue.sweeps()
    assert not where.exists() or where.read_bytes() == b""
    aside.replace(where)  # and it was put back
    assert catalogue.sweeps() == []


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("mysql://host/db", "must be a path, or postgresql"),
        ("nonsense://", "postgresql"),
        ("://", "postgresql"),
        (".", "is a folder"),
    ],
)
def test_an_address_that_cannot_be(where: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Catalogue(where)


def test_no_password_is_shown() -> None:
    assert named("postgresql://lab:secret@pc1/sweeps") == "postgresql://lab:***@pc1/sweeps"
    with pytest.raises(CatalogueUnavailable) as refused:
        Catalogue("postgresql://lab:secret@127.0.0.1:1/sweeps")
    assert "secret" not in str(refused.value)
    assert "is its server running" in str(refused.value)
