# SPDX-License-Identifier: Apache-2.0
"""Keys and the ring: made, shown, added, revoked; and refused before anything is written."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

import energy_runner as er
from energy_runner.errors import BenchFault, ConfigurationError

SECRET = "correct horse"  # noqa: S105 - of keys that only this test has


@pytest.fixture(autouse=True)
def own_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    ring = tmp_path / "config" / "key-ring.json"
    monkeypatch.setattr("energy_runner.api.keys.key_ring_file", lambda: ring)
    return ring


def test_a_new_key_is_closed_private_and_in_the_ring(tmp_path: Path, own_ring: Path) -> None:
    assert er.list_keys().keys == ()
    made = er.new_key(tmp_path / "lab.key", SECRET, owner="Lab", valid_from="2026-01-01", valid_until="2030-12-31")
    assert er.list_keys().keys == (made,)
    assert (made.owner, made.valid_from, made.valid_until) == ("Lab", "2026-01-01", "2030-12-31")
    assert er.key_needs_passphrase(tmp_path / "lab.key")
    assert er.load_key(tmp_path / "lab.key", SECRET).key_id == made.key_id
    assert er.show_key(tmp_path / "lab.key", SECRET).pem == made.public
    if os.name == "posix":
        assert (tmp_path / "lab.key").stat().st_mode & 0o777 == 0o600
    assert own_ring.is_file()


@pytest.mark.parametrize(
    ("passphrase", "more", "words"),
    [
        ("short", {}, "fewer than 8 characters"),
        ("", {}, "fewer than 8 characters"),
        (SECRET, {"valid_until": "2020-01-01"}, "its last day is before its first one"),
        (SECRET, {"valid_until": "tomorrow"}, "a day is written YYYY-MM-DD"),
        (SECRET, {"owner": "x" * 1001}, "owner"),
    ],
)
def test_what_is_wrong_is_known_before_there_is_a_key_file(
    tmp_path: Path, passphrase: str, more: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        er.new_key(tmp_path / "lab.key", passphrase, **({"owner": "Lab"} | more))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_passphrase_that_is_no_text_is_refused_and_not_repeated(tmp_path: Path) -> None:
    er.new_key(tmp_path / "lab.key", SECRET, owner="Lab")
    typed = "secr\udcfft words"  # as Python holds a byte of the environment that is not UTF-8
    for call in (
        lambda: er.new_key(tmp_path / "other.key", typed, owner="Lab"),
        lambda: er.load_key(tmp_path / "lab.key", typed),
    ):
        with pytest.raises(ConfigurationError, match="the passphrase is not text in UTF-8") as raised:
            call()
        assert "secr" not in str(raised.value)
    assert not (tmp_path / "other.key").exists()


def test_ctrl_c_while_a_key_is_written_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("energy_runner.session.disk.sync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        er.new_key(tmp_path / "lab.key", SECRET, owner="Lab")
    assert not (tmp_path / "lab.key").exists()


def test_a_ring_that_cannot_be_read_is_known_before_too(tmp_path: Path, own_ring: Path) -> None:
    own_ring.parent.mkdir()
    own_ring.write_text("{", "utf-8")
    with pytest.raises(ConfigurationError, match="key-ring"):
        er.new_key(tmp_path / "lab.key", SECRET, owner="Lab")
    assert not (tmp_path / "lab.key").exists()
    assert own_ring.read_text("utf-8") == "{"


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "lab.key").write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match="never overwritten"):
        er.new_key(tmp_path / "lab.key", SECRET, owner="Lab")
    assert (tmp_path / "lab.key").read_text("utf-8") == "mine"
    assert er.list_keys().keys == ()


def test_the_key_of_another_laboratory_is_added_once(tmp_path: Path) -> None:
    theirs = er.new_key(tmp_path / "their.key", SECRET, owner="Them", ring=tmp_path / "their-ring.json")
    (tmp_path / "their.pem").write_text(theirs.public, "utf-8")
    added = er.add_key(tmp_path / "their.pem", "Their Lab")
    assert (added.key_id, added.owner) == (theirs.key_id, "Their Lab")
    assert er.list_keys().trust(added.key_id, "2001-01-01T00:00:00Z").trusted, (
        "what was signed before it was added"
    )
    assert er.show_key(tmp_path / "their.pem").key_id == theirs.key_id
    with pytest.raises(ConfigurationError, match="in the ring already"):
        er.add_key(tmp_path / "their.pem", "Again")
    with pytest.raises(ConfigurationError, match="not a public key"):
        er.add_key(tmp_path / "their.key", "Private")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        er.add_key(tmp_path / "none.pem", "Nobody")


def test_a_key_is_revoked_by_its_first_digits(tmp_path: Path) -> None:
    made = er.new_key(tmp_path / "lab.key", SECRET, owner="Lab", valid_from="2026-01-01")
    for wrong in ("", made.key_id[:7], "f" * 64):
        with pytest.raises(ConfigurationError, match="no key in the ring begins so"):
            er.revoke_key(wrong, "stolen")
    revoked = er.revoke_key(made.key_id[:8], "stolen", on="2026-06-01")
    assert (revoked.revoked_on, revoked.revoked_why) == ("2026-06-01", "stolen")
    assert er.list_keys().keys == (revoked,)


def test_a_ring_that_was_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        er.list_keys(tmp_path / "none.json")


def test_of_keys_that_are_made_at_once_none_is_lost(tmp_path: Path, own_ring: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: er.new_key(tmp_path / f"{n}.key", None, owner=f"{n}"), range(8)))
    assert {key.key_id for key in er.list_keys().keys} == {key.key_id for key in made}


def test_a_ring_that_another_program_changes_is_waited_for_and_not_for_ever(
    tmp_path: Path, own_ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = er.new_key(tmp_path / "lab.key", None, owner="Lab")
    monkeypatch.setattr("energy_runner.api.keys._LONGEST_S", 0.2)
    with FileLock(own_ring.with_name(".key-ring.json.lock")), pytest.raises(BenchFault, match="another program"):
        er.revoke_key(made.key_id, "stolen")
    assert er.revoke_key(made.key_id, "stolen").revoked_why == "stolen"
