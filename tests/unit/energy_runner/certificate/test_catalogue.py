# SPDX-License-Identifier: Apache-2.0
"""The folder of certificates: found by id, replaced, revoked; and what hostile files in it can do: nothing."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from energy_runner.certificate.catalogue import Catalogue, Held, current, find, read_catalogue, read_held
from energy_runner.certificate.collect.collect import with_derived
from energy_runner.certificate.facts import EnergyCertificate, Revision
from energy_runner.certificate.register import REVOCATION, put_certificate, put_revocation
from energy_runner.certificate.signing.envelope import envelope_bytes, sign
from energy_runner.certificate.signing.keys import SigningKey, new_key
from energy_runner.certificate.signing.revocation import Revocation, revocation_statement
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.signing.statement import PREDICATE, Statement, Subject, statement_bytes
from energy_runner.errors import ConfigurationError, SessionError
from tests.support.certificates import DIGEST, hardware_certificate

LATER = "2026-04-01T00:00:00Z"


@dataclass
class Place:
    """A folder of certificates with keys: of the laboratory, and of somebody else."""

    out: Path
    key: SigningKey
    other: SigningKey
    ring: KeyRing

    def issue(
        self, key: SigningKey | None = None, supersedes: Held | None = None, issued: str = "2026-03-02T10:00:00Z"
    ) -> Held:
        signing = key or self.key
        one = hardware_certificate()
        revision = supersedes and Revision(id=supersedes.id, sha256=supersedes.sha256, why="a reason")
        changed = {"issued_utc": issued, "key_id": signing.key_id, "supersedes": revision}
        facts = with_derived(one.model_copy(update={"issuing": one.issuing.model_copy(update=changed)}))
        folder = put_certificate(self.out, facts.id, {"certificate.json": envelope_of(facts, signing)})
        return read_held(folder)

    def revoke(self, one: Held, key: SigningKey, **changes: str) -> None:
        facts = {"id": one.id, "sha256": one.sha256, "why": "wrong board", "revoked_utc": LATER} | changes
        statement = revocation_statement(Revocation(**facts))
        put_revocation(one.folder, envelope_bytes(sign(statement_bytes(statement), key)))

    def read(self) -> Catalogue:
        return read_catalogue(self.out)


def envelope_of(facts: EnergyCertificate, key: SigningKey) -> bytes:
    statement = Statement((Subject("aibom.json", DIGEST, 1),), PREDICATE, facts.document())
    return envelope_bytes(sign(statement_bytes(statement), key))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    key, other = new_key(tmp_path / "lab.key", None), new_key(tmp_path / "other.key", None)
    ring = KeyRing().add(key.public, "Lab", "2026-01-01")
    return Place(tmp_path / "certificates", key, other, ring)


def test_the_first_issued_comes_first_and_one_is_found_by_its_id_or_its_beginning(place: Place) -> None:
    second = place.issue(issued="2026-03-03T10:00:00Z")
    first = place.issue()
    assert [one.id for one in place.read().held] == [first.id, second.id]
    assert find(place.out, first.id).sha256 == first.sha256
    assert find(place.out, first.id[:9]).id == first.id
    assert place.read().find(second.id) == second
    for wrong in ("ER-", "", "ER-0", "../x", "ER-FFFFFFFFFFFFFFFF"):
        with pytest.raises(ConfigurationError, match="Try: its whole id, from er"):
            find(place.out, wrong)
    with pytest.raises(ConfigurationError, match="there is none in"):
        find(place.out, first.id[:9], whole=True)


def test_a_replaced_one_says_by_which(place: Place) -> None:
    first = place.issue()
    second = place.issue(supersedes=first, issued=LATER)
    standing = place.read().standing(first, place.ring)
    assert standing.superseded_by == (second.id,)
    assert standing.remarks == ()
    assert current(place.out, first) == second
    assert current(place.out, second) is None
    assert place.read().standing(second, place.ring).superseded_by == ()


def test_what_somebody_else_signs_is_a_claim(place: Place) -> None:
    first = place.issue()
    second = place.issue(place.other, supersedes=first, issued=LATER)
    place.revoke(first, place.other)
    standing = place.read().standing(first, place.ring)
    assert standing.remarks[0].startswith(f"{second.id} says that it replaces it: its key")
    assert standing.remarks[1].startswith("revocation.json: its key")
    known = place.ring.add(place.other.public, "Other", "2026-01-01")
    assert place.read().standing(first, known).remarks == ()
    revoked = known.revoke(place.other.key_id, "2026-02-01", "stolen")
    assert all("is revoked from 2026-02-01" in one for one in place.read().standing(first, revoked).remarks)


def test_a_revocation_tells_when_and_why(place: Place) -> None:
    one = place.issue()
    place.revoke(one, place.key)
    standing = place.read().standing(one, place.ring)
    assert standing.revoked is not None
    assert (standing.revoked.why, standing.revoked.revoked_utc, standing.remarks) == ("wrong board", LATER, ())
    with pytest.raises(ConfigurationError, match="it is revoked already"):
        place.revoke(one, place.key, why="another reason")
    assert place.read().standing(one, place.ring).revoked == standing.revoked
    assert sorted(path.name for path in one.folder.iterdir()) == ["certificate.json", REVOCATION]


@pytest.mark.parametrize("changes", [{"id": "ER-0000000000000000"}, {"sha256": DIGEST}])
def test_a_revocation_counts_by_id_as_by_digest(place: Place, changes: dict[str, str]) -> None:
    """The same facts on other paper have the same id and other bytes; what is revoked is the certificate."""
    one = place.issue()
    place.revoke(one, place.key, **changes)
    assert place.read().standing(one, place.ring).revoked is not None


def test_a_revocation_of_another_certificate_revokes_nothing(place: Place) -> None:
    one = place.issue()
    place.revoke(one, place.key, id="ER-0000000000000000", sha256=DIGEST)
    standing = place.read().standing(one, place.ring)
    assert standing.revoked is None
    assert "it revokes another certificate" in standing.remarks[0]


def test_what_revokes_or_replaces_one_is_about_all_with_its_id(place: Place) -> None:
    """The same facts on paper of another size have the same id, and another envelope."""
    one = place.issue()
    letter = replace(one, data=one.data + b" ")
    assert letter.sha256 != one.sha256
    later = place.issue(supersedes=one, issued=LATER)
    place.revoke(one, place.key)
    standing = place.read().standing(letter, place.ring)
    assert (standing.revoked is not None, standing.superseded_by, standing.remarks) == (True, (later.id,), ())


def test_each_changed_byte_of_a_revocation_is_remarked(place: Place) -> None:
    one = place.issue()
    place.revoke(one, place.key)
    path = one.folder / REVOCATION
    good = path.read_bytes()
    for index in range(0, len(good), 7):
        path.write_bytes(good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])
        assert place.read().standing(one, place.ring).remarks, index


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("garbage", b"\xff\x00", "not text in UTF-8"),
        ("empty", b"", "cannot be read"),
        ("nested", b"[" * 100_000, "nested too deeply"),
        ("other", b"{}", "is missing"),
    ],
)
def test_a_file_that_is_no_certificate_is_named_and_left_aside(
    place: Place, name: str, data: bytes, words: str
) -> None:
    good = place.issue()
    (place.out / name).mkdir()
    (place.out / name / "certificate.json").write_bytes(data)
    found = place.read()
    assert [one.id for one in found.held] == [good.id]
    [(path, problem)] = found.problems
    assert path.name == name
    assert words in problem
    assert str(path) in problem


def test_a_catalogue_is_read_without_asking_for_the_canonical_form(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = place.issue()  # writing its facts again takes ten times as long as reading them; `find` does ask

    def slow(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("energy_runner.certificate.signing.statement.read_canonical", slow)
    assert [each.id for each in place.read().held] == [one.id]
    with pytest.raises(AssertionError):
        find(place.out, one.id)


def test_a_certificate_in_a_folder_of_another_name_is_none(place: Place) -> None:
    one = place.issue()
    one.folder.rename(place.out / "ER-AAAAAAAAAAAAAAAA")
    [(_, problem)] = place.read().problems
    assert "its folder is not called so" in problem
    with pytest.raises(SessionError, match="not called so"):
        find(place.out, "ER-AAAAAAAAAAAAAAAA")


def test_one_that_states_another_key_than_signed_it_is_none(place: Place) -> None:
    one = place.issue()
    (one.folder / "certificate.json").write_bytes(envelope_of(one.certificate, place.other))
    [(_, problem)] = place.read().problems
    assert "signed by another key" in problem


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes in folders")
def test_a_pipe_in_place_of_a_file_does_not_hang(place: Place) -> None:
    one = place.issue()
    os.mkfifo(one.folder / REVOCATION)
    assert "a pipe or a device" in place.read().standing(one).remarks[0]
    (place.out / "pipe").mkdir()
    os.mkfifo(place.out / "pipe" / "certificate.json")
    [(_, problem)] = place.read().problems
    assert "a pipe or a device" in problem


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_catalogue(tmp_path / "none")
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_catalogue(tmp_path / "file")
