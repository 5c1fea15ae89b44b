# SPDX-License-Identifier: Apache-2.0
"""A certificate from a session: the same bytes each time, and what is refused before anything is written."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import energy_runner as er
from energy_runner.certificate.facts import REPORT
from energy_runner.certificate.forms import NAMES
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.errors import BenchFault, ConfigurationError, SessionError
from tests.support.certificates import demo_session
from tests.support.synthetic import make_run

ISSUED = "2026-03-02T10:00:00Z"
SECRET = "correct horse"  # noqa: S105 - of keys that only this test has


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[er.SigningKey, Path]:
    folder = tmp_path_factory.mktemp("keys")
    ring = folder / "ring.json"
    er.new_key(
        folder / "lab.key", SECRET, owner="Lab", valid_from="2026-01-01", valid_until="2026-12-31", ring=ring
    )
    return er.load_key(folder / "lab.key", SECRET), ring


@pytest.fixture
def certify(keys: tuple[er.SigningKey, Path], tmp_path: Path) -> Any:
    key, ring = keys

    def certified(**more: Any) -> er.Issued:
        given = {"key": key, "ring": ring, "issued": ISSUED, "out": tmp_path / "out", "sweeps": tmp_path / "none"}
        return er.certify(more.pop("session", demo_session()), **(given | more))

    return certified


def refused(certify: Any, tmp_path: Path, words: str, **more: Any) -> None:
    with pytest.raises((ConfigurationError, SessionError, BenchFault), match=words):
        certify(**more)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("*.tmp"))


def test_the_same_session_key_and_moment_give_the_same_bytes(certify: Any, tmp_path: Path) -> None:
    first = certify()
    again = certify(out=tmp_path / "again")
    assert first.certificate.title == REPORT
    assert first.remarks == ()
    assert first.folder == tmp_path / "out" / first.certificate.id
    assert [path.name for path in first.files] == list(NAMES)
    for name in NAMES:
        digests = [hashlib.sha256((one.folder / name).read_bytes()).hexdigest() for one in (first, again)]
        assert digests[0] == digests[1], name
    with pytest.raises(ConfigurationError, match="was issued already, and nothing is overwritten"):
        certify()
    assert certify(issued="2026-03-02T10:00:01Z").certificate.id != first.certificate.id


def test_one_replaces_another_once_and_is_found_by_id(certify: Any, keys: Any, tmp_path: Path) -> None:
    key, ring = keys
    first = certify().certificate
    second = certify(issued="2026-04-01T00:00:00Z", supersedes=first.id, why=" a new calibration ").certificate
    revision = second.issuing.supersedes
    assert revision is not None
    assert (revision.id, revision.why) == (first.id, "a new calibration")
    row = er.find_certificate(first.id, tmp_path / "out", ring=ring)
    assert (row.superseded_by, row.remarks, row.stands) == ((second.id,), (), False)
    assert [one.stands for one in er.list_certificates(tmp_path / "out", ring=ring)] == [False, True]
    refused(
        certify,
        tmp_path,
        "superseded already. Try: supersedes=" + second.id,
        issued="2026-05-01T00:00:00Z",
        supersedes=first.id,
        why="again",
    )
    path = er.revoke_certificate(
        second.id, key, "wrong board", issued="2026-05-01T00:00:00Z", folder=tmp_path / "out", ring=ring
    )
    assert path.name == "revocation.json"
    row = er.find_certificate(second.id, tmp_path / "out", ring=ring)
    assert (row.revoked_utc, row.revoked_why, row.remarks) == ("2026-05-01T00:00:00Z", "wrong board", ())
    row = er.find_certificate(first.id, tmp_path / "out", ring=ring)
    assert row.remarks == (f"{second.id}, which replaces it, was revoked at 2026-05-01T00:00:00Z",)
    old = tmp_path / "out" / first.id / "certificate.pdf"
    [found] = er.verify_certificate(old, ring=ring, now_utc="2026-06-01T00:00:00Z").failed
    assert found.detail == f"superseded by {second.id}; {row.remarks[0]}"
    refused(certify, tmp_path, "was issued at", issued="2026-03-30T00:00:00Z", supersedes=second.id, why="earlier")


def test_only_who_is_heeded_may_revoke(certify: Any, keys: Any, tmp_path: Path) -> None:
    key, ring = keys
    one = certify().certificate
    er.new_key(tmp_path / "other.key", None, owner="Other", ring=tmp_path / "other-ring.json")
    more: dict[str, Any] = {"folder": tmp_path / "out", "ring": ring, "issued": "2026-05-01T00:00:00Z"}
    with pytest.raises(ConfigurationError, match="nobody would heed its revocation"):
        er.revoke_certificate(one.id, tmp_path / "other.key", "spite", **more)
    with pytest.raises(ConfigurationError, match="for what reason"):
        er.revoke_certificate(one.id, key, " ", **more)
    with pytest.raises(ConfigurationError, match="a clock was set back"):
        er.revoke_certificate(one.id, key, "x", **(more | {"issued": "2026-01-01T00:00:00Z"}))
    with pytest.raises(ConfigurationError, match="Try: its whole id"):
        er.revoke_certificate(one.id[:9], key, "x", **more)
    assert er.find_certificate(one.id, tmp_path / "out", ring=ring).stands


def test_a_revocation_that_is_verified_says_what_it_revokes_and_who_says_so(
    certify: Any, keys: Any, tmp_path: Path
) -> None:
    key, ring = keys
    one = certify().certificate
    path = er.revoke_certificate(
        one.id, key, "wrong board", issued="2026-05-01T00:00:00Z", folder=tmp_path / "out", ring=ring
    )
    now = "2026-06-01T00:00:00Z"
    found = er.verify_certificate(path, ring=ring, now_utc=now)
    assert (found.holds, found.certificate) == (False, None)
    assert found.revocation is not None
    assert (found.revocation.id, found.revocation.why) == (one.id, "wrong board")
    assert [each.id for each in found.failed] == ["readable"]
    assert f"the revocation of {one.id}, at 2026-05-01T00:00:00Z: wrong board" in found.failed[0].detail
    assert {each.id for each in found.checks if each.state == "holds"} == {"signature", "trust"}
    assert found.document()["revocation"]["id"] == one.id
    stranger = er.verify_certificate(path, ring=KeyRing(), now_utc=now)
    assert [each.id for each in stranger.failed] == ["readable", "trust"]
    assert [each.id for each in stranger.unchecked] == ["signature"]
    document = json.loads(path.read_text("utf-8"))
    payload = base64.b64decode(document["payload"]).replace(b"wrong board", b"right board")
    document["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True))
    bent = er.verify_certificate(path, ring=ring, now_utc=now)
    assert [each.id for each in bent.failed] == ["readable", "signature"]


def test_a_revocation_counts_beside_a_file_in_any_folder(certify: Any, keys: Any, tmp_path: Path) -> None:
    key, ring = keys
    one, other = certify(), certify(issued="2026-03-03T10:00:00Z")
    more: dict[str, Any] = {"folder": tmp_path / "out", "ring": ring, "issued": "2026-05-01T00:00:00Z"}
    sent = er.revoke_certificate(one.certificate.id, key, "wrong board", **more).read_bytes()
    for issued, name, stands in ((one, "certificate.pdf", False), (one, "a.pdf", False), (other, "b.pdf", True)):
        mail = tmp_path / f"mail-{name}"
        mail.mkdir()
        (mail / name).write_bytes((issued.folder / "certificate.pdf").read_bytes())
        (mail / "revocation.json").write_bytes(sent)
        found = er.verify_certificate(mail / name, ring=ring, now_utc="2026-06-01T00:00:00Z")
        assert found.holds == stands
        assert [each.id for each in found.failed] == ([] if stands else ["revision"])
        assert stands or "wrong board" in found.failed[0].detail


def test_a_revocation_is_about_the_same_facts_on_any_paper(certify: Any, keys: Any, tmp_path: Path) -> None:
    key, ring = keys
    one, letter = certify(), certify(paper="us-letter", out=tmp_path / "letter")
    assert one.certificate.id == letter.certificate.id
    path = er.revoke_certificate(
        one.certificate.id, key, "wrong board", folder=tmp_path / "out", ring=ring, issued="2026-05-01T00:00:00Z"
    )
    mail = tmp_path / "mail"
    mail.mkdir()
    (mail / "certificate.pdf").write_bytes((letter.folder / "certificate.pdf").read_bytes())
    for sent in (b"", path.read_bytes()):  # by its catalogue alone, then by what was sent
        catalogue = None if sent else tmp_path / "out"
        if sent:
            (mail / "revocation.json").write_bytes(sent)
        found = er.verify_certificate(
            mail / "certificate.pdf", ring=ring, certificates=catalogue, now_utc="2026-06-01T00:00:00Z"
        )
        assert "wrong board" in found.failed[0].detail
        assert [each.id for each in found.failed] == ["revision"]


def test_a_certificate_found_by_its_session_is_verified_with_all_that_was_asked(
    certify: Any, keys: Any, tmp_path: Path
) -> None:
    issued = certify()
    (issued.folder / "certificate.json.tst").write_bytes(b"no token")
    (tmp_path / "authority.pem").write_text("no certificate")
    path, more = demo_session().path, {"ring": keys[1], "certificates": tmp_path / "out"}
    found = er.verify_certificate(path, authorities=[tmp_path / "authority.pem"], now_utc=ISSUED, **more)
    assert [each.id for each in found.failed] == ["time-stamp"]
    found = er.verify_certificate(path, now_utc="2027-01-01T00:00:00Z", **more)
    assert [each.id for each in found.failed] == ["trust"]
    with pytest.raises(ConfigurationError, match="is a session already"):
        er.verify_certificate(path, session=path, **more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"paper": "a5"}, "paper=a5: must be one of a4, us-letter"),
        ({"issued": "yesterday"}, "issued=yesterday: 'yesterday' is no moment"),
        ({"issued": "2027-01-01T00:00:00Z"}, "was valid until 2026-12-31"),
        ({"issued": "2025-12-31T23:59:59Z"}, "is valid from 2026-01-01 on"),
        ({"why": "no id"}, "why: of what"),
        ({"verified": True}, "verified: the session is simulated"),
        ({"supersedes": "ER-0123456789ABCDEF"}, "for what reason"),
        ({"supersedes": "ER-0123456789ABCDEF", "why": "x"}, "cannot be read|there is none"),
        ({"seal_key": "key.pem"}, "a seal needs a certificate and its key"),
        ({"seal_key": "no.pem", "seal_certificate": "no.pem"}, "seal_certificate=no.pem: cannot be read"),
        ({"profile": "no.toml"}, "no such profile"),
        ({"timestamp_url": "ftp://example.org"}, "over http or https"),
        ({"key": "no.key"}, "the key cannot be read"),
    ],
    ids=str,
)
def test_what_is_refused(certify: Any, tmp_path: Path, more: dict[str, Any], words: str) -> None:
    refused(certify, tmp_path, words, **more)
    assert not (tmp_path / "out").exists()


def test_a_session_of_another_mode_is_refused(certify: Any, tmp_path: Path) -> None:
    accuracy = make_run(mode="accuracy", benchmark="ad01", outputs=(1.5,)).write(tmp_path / "accuracy")
    refused(certify, tmp_path, "is of mode accuracy", session=accuracy)
    refused(certify, tmp_path, "is of mode energy", accuracy_session=demo_session())


def test_a_clock_that_was_set_back_is_refused(certify: Any, tmp_path: Path) -> None:
    begun = demo_session().record.started_utc
    assert begun.startswith("2000-01-01"), "a virtual bench's time is virtual"
    refused(
        certify, tmp_path, "a clock was set back", issued="1999-12-31T23:59:59Z", ring=None, key=_open(tmp_path)
    )


def _open(folder: Path) -> er.SigningKey:
    er.new_key(folder / "open.key", None, owner="Lab", valid_from="1990-01-01", ring=folder / "ring.json")
    return er.load_key(folder / "open.key")


def test_a_key_that_the_ring_does_not_know_is_remarked(certify: Any, tmp_path: Path) -> None:
    (remark,) = certify(key=_open(tmp_path)).remarks
    assert "is not in the key ring" in remark


def test_facts_without_a_signature(tmp_path: Path) -> None:
    facts = er.certificate_facts(demo_session(), issued=ISSUED, sweeps=tmp_path)
    assert facts.title == REPORT
    assert "item.serial" in {one.key for one in facts.missing}
    assert list(tmp_path.iterdir()) == []


def test_a_time_stamp_is_kept_beside_the_signature(
    certify: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def token(url: str, data: bytes, post: object) -> bytes:
        seen.append((url, data))
        return b"token"

    monkeypatch.setattr("energy_runner.certificate.signing.timestamp.request_token", token)
    issued = certify(timestamp_url="https://tsa.example.org")
    assert (issued.folder / "certificate.json.tst").read_bytes() == b"token"
    assert seen == [("https://tsa.example.org", (issued.folder / "certificate.json").read_bytes())]
