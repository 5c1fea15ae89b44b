# SPDX-License-Identifier: Apache-2.0
"""The key ring: whose key is trusted at which moment; a file that people edit, and that others may have."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.certificate.signing.keys import PublicKey, new_key
from energy_runner.certificate.signing.ring import KeyRing, load_ring, ring_from, save_ring
from energy_runner.certificate.signing.timestamp import Stamped
from energy_runner.certificate.signing.trust import contradiction, may_revoke, trust_of
from energy_runner.errors import ConfigurationError, SessionError


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> PublicKey:
    return new_key(tmp_path_factory.mktemp("keys") / "lab.key", None).public


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> PublicKey:
    return new_key(tmp_path_factory.mktemp("keys") / "other.key", None).public


@pytest.fixture(scope="module")
def ring(public: PublicKey) -> KeyRing:
    return KeyRing().add(public, "Lab <script>", "2026-02-01", "2026-11-30")


@pytest.fixture(scope="module")
def lab(ring: KeyRing, public: PublicKey) -> tuple[KeyRing, PublicKey]:
    return ring, public


@pytest.fixture(scope="module")
def revoked(ring: KeyRing, public: PublicKey) -> KeyRing:
    return ring.revoke(public.key_id, "2026-06-15", "stolen")


@pytest.mark.parametrize(
    ("at_utc", "state"),
    [
        ("2026-01-31T23:59:59.999999Z", "not-yet-valid"),
        ("2026-02-01T00:00:00Z", "trusted"),
        ("2026-11-30T23:59:59.999Z", "trusted"),
        ("2026-12-01T00:00:00Z", "expired"),
    ],
)
@pytest.mark.parametrize("proven", [True, False])
def test_a_key_is_good_from_its_first_day_to_the_end_of_its_last(
    ring: KeyRing, public: PublicKey, at_utc: str, state: str, proven: bool
) -> None:
    found = ring.trust(public.key_id, at_utc, proven=proven)
    assert (found.state, found.trusted) == (state, state == "trusted")
    assert "Lab <script>" in found.detail


def test_a_key_without_a_last_day_stays_good(public: PublicKey) -> None:
    ring = KeyRing().add(public, "Lab", "2026-02-01")
    assert ring.trust(public.key_id, "9999-12-31T23:59:59Z").trusted
    assert (
        KeyRing()
        .add(public, "Lab", "2026-02-01", "9999-12-31")
        .trust(public.key_id, "9999-12-31T23:59:59Z")
        .trusted
    )


def test_a_revoked_key_stays_good_only_for_what_is_proven_to_be_older(revoked: KeyRing, public: PublicKey) -> None:
    before, after = "2026-06-14T23:59:59Z", "2026-06-15T00:00:00Z"
    assert revoked.trust(public.key_id, before, proven=True).trusted
    for at_utc, proven in ((before, False), (after, True), (after, False)):
        found = revoked.trust(public.key_id, at_utc, proven=proven)
        assert found.state == "revoked"
        assert "stolen" in found.detail


def test_a_key_that_is_not_there_is_unknown(ring: KeyRing, other: PublicKey) -> None:
    assert ring.trust(other.key_id, "2026-06-01T00:00:00Z").state == "unknown"
    assert ring.trust("\x1b[2J", "2026-06-01T00:00:00Z").detail.isprintable()


@pytest.mark.parametrize(
    "at_utc",
    [
        "",
        "2026-06-01",
        "2026-06-01T00:00:00",
        "2026-06-01T00:00:00+02:00",
        "2026-13-01T00:00:00Z",
        "20260601T000000Z",
    ],
)
def test_what_is_no_moment_is_refused(ring: KeyRing, public: PublicKey, at_utc: str) -> None:
    with pytest.raises(SessionError, match=r"is no moment\. Try: "):
        ring.trust(public.key_id, at_utc)


NOW = "2026-10-01T12:00:00Z"
ISSUED = "2026-06-01T12:00:00Z"


def _stamp(at_utc: str, accuracy_s: float = 0.0) -> Stamped:
    return Stamped(at_utc, "CN=Clock", accuracy_s)


@pytest.mark.parametrize(
    ("issued", "now", "stamped", "state"),
    [
        (ISSUED, NOW, None, "trusted"),
        (ISSUED, NOW, _stamp(ISSUED), "trusted"),
        ("2026-01-01T00:00:00Z", NOW, None, "not-yet-valid"),
        ("2026-01-01T00:00:00Z", NOW, _stamp(ISSUED), "not-yet-valid"),
        # Who holds a key that has expired can write any day of issue.
        (ISSUED, "2027-01-01T00:00:00Z", None, "expired"),
        (ISSUED, "2027-01-01T00:00:00Z", _stamp(ISSUED), "trusted"),
        # A late time stamp proves nothing of the time before it.
        (ISSUED, "2027-01-01T00:00:00Z", _stamp("2026-12-01T00:00:00Z"), "expired"),
        (ISSUED, "2027-01-01T00:00:00Z", _stamp("2026-11-30T23:59:59Z"), "trusted"),
        (ISSUED, "2027-01-01T00:00:00Z", _stamp("2026-11-30T23:59:59Z", 1.0), "expired"),
        ("2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z", _stamp(ISSUED), "expired"),
    ],
)
def test_trust_today_with_a_time_stamp_and_without(
    lab: tuple[KeyRing, PublicKey], issued: str, now: str, stamped: Stamped | None, state: str
) -> None:
    ring, public = lab
    assert trust_of(ring, public.key_id, issued, now, stamped).state == state


@pytest.mark.parametrize(
    ("stamped", "state"),
    [
        (None, "revoked"),
        (_stamp("2026-06-14T23:59:59Z"), "trusted"),
        (_stamp("2026-06-14T23:59:59Z", 1.5), "revoked"),
        (_stamp("2026-06-15T00:00:00Z"), "revoked"),
    ],
)
def test_what_was_signed_before_a_theft_needs_a_time_stamp(
    revoked: KeyRing, public: PublicKey, stamped: Stamped | None, state: str
) -> None:
    assert trust_of(revoked, public.key_id, ISSUED, NOW, stamped).state == state


@pytest.mark.parametrize(
    ("issued", "now", "stamped", "words"),
    [
        (ISSUED, NOW, None, ""),
        (ISSUED, NOW, _stamp(NOW), ""),
        ("2026-06-01T12:04:00Z", NOW, _stamp(ISSUED), ""),
        ("2026-06-01T12:06:00Z", NOW, _stamp(ISSUED), "time-stamped before that"),
        ("2026-10-01T12:06:00Z", NOW, None, "later than now"),
        (ISSUED, NOW, _stamp("2026-10-01T12:06:00Z"), "later than now"),
    ],
)
def test_clocks_that_contradict_each_other_are_named(
    issued: str, now: str, stamped: Stamped | None, words: str
) -> None:
    found = contradiction(issued, now, stamped)
    assert words in found
    assert bool(found) == bool(words)


def test_a_key_may_revoke_what_its_owner_signed(public: PublicKey, other: PublicKey) -> None:
    one, two = public.key_id, other.key_id
    same = KeyRing().add(public, "Lab", "2026-01-01").add(other, "Lab", "2026-01-01")
    apart = KeyRing().add(public, "Lab", "2026-01-01").add(other, "Lab 2", "2026-01-01")
    assert may_revoke(same, two, one)
    assert may_revoke(KeyRing(), one, one)
    assert not may_revoke(apart, two, one)
    assert not may_revoke(KeyRing(), two, one)


def test_a_ring_goes_through_its_file(tmp_path: Path, revoked: KeyRing, other: PublicKey) -> None:
    path = tmp_path / "ring.json"
    ring = revoked.add(other, "Ünï", "2026-01-01")
    save_ring(path, ring)
    assert load_ring(path) == ring
    assert json.loads(path.read_text())["schema"] == "energy-runner/key-ring/1"
    assert '"owner": "Ünï",\n' in path.read_text()


def test_it_is_never_changed(ring: KeyRing, public: PublicKey) -> None:
    before = ring.model_dump()
    ring.revoke(public.key_id, "2026-06-15", "stolen")
    assert ring.model_dump() == before


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"valid_from": "2026-2-1"}, "YYYY-MM-DD"),
        ({"valid_from": "2026-02-30"}, "day"),
        ({"valid_from": "20260201"}, "YYYY-MM-DD"),
        ({"valid_until": "2026-01-31"}, "before its first"),
        ({"owner": ""}, "owner"),
        ({"owner": "x" * 1001}, "owner"),
    ],
)
def test_a_wrong_day_or_owner_is_not_added(public: PublicKey, changed: dict[str, str], words: str) -> None:
    given = {"owner": "Lab", "valid_from": "2026-02-01", "valid_until": "2026-11-30"} | changed
    with pytest.raises(ConfigurationError, match="Try: ") as raised:
        KeyRing().add(public, **given)
    assert words in str(raised.value)


def test_what_cannot_be_added_or_revoked_is_named(ring: KeyRing, revoked: KeyRing, public: PublicKey) -> None:
    for act, words in (
        (lambda: ring.add(public, "Lab", "2026-01-01"), "in the ring already"),
        (lambda: KeyRing().revoke(public.key_id, "2026-06-15", "stolen"), "not in the ring"),
        (lambda: ring.revoke(public.key_id, "2026-06-15", " "), "belong together"),
        (lambda: ring.revoke(public.key_id, "soon", "stolen"), "YYYY-MM-DD"),
        (lambda: revoked.revoke(public.key_id, "2026-06-16", "later"), "revoked from 2026-06-15 on"),
    ):
        with pytest.raises(ConfigurationError, match="Try: ") as raised:
            act()
        assert words in str(raised.value)
    earlier = revoked.revoke(public.key_id, "2026-06-01", "found out")
    assert not earlier.trust(public.key_id, ISSUED, proven=True).trusted


def _document(ring: KeyRing, **changed: Any) -> dict[str, Any]:
    document = ring.model_dump(mode="json", by_alias=True)
    return document | {"keys": [document["keys"][0] | changed]}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"key_id": "0" * 64}, "key_id is not that of its public key"),
        ({"key_id": "A"}, "keys.0.key_id"),
        ({"public": "-----BEGIN PUBLIC KEY-----"}, "not a public key in PEM"),
        ({"revoked_on": "2026-06-15"}, "belong together"),
        ({"revoked_why": "stolen"}, "belong together"),
        ({"valid_until": "2026-01-01"}, "before its first"),
        ({"valid_until": 5}, "keys.0.valid_until"),
        ({"revoked": True}, "keys.0.revoked"),
    ],
)
def test_a_wrong_ring_is_refused_with_its_place(ring: KeyRing, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match="Try: ") as raised:
        ring_from(json.dumps(_document(ring, **changed)).encode(), "ring.json")
    assert words in str(raised.value)


def test_what_is_no_ring_is_refused(tmp_path: Path, ring: KeyRing) -> None:
    text = json.dumps(_document(ring))
    twice = _document(ring)
    twice["keys"] *= 2
    for data, words in (
        (json.dumps(twice), "there twice"),
        (text.replace('"owner"', '"owner": "Me", "owner"'), "'owner' is there twice"),
        (text.replace("key-ring/1", "key-ring/2"), "schema"),
        (text.replace('"keys"', '"kyes"'), "kyes"),
        ("[]", "dictionary"),
        ("", "Expecting value"),
        (" " * (4 << 20) + "{}", "more than the"),
    ):
        with pytest.raises(ConfigurationError, match=r"ring\.json: ") as raised:
            ring_from(data.encode(), "ring.json")
        assert words in str(raised.value)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_ring(tmp_path / "none.json")


@given(st.data())
def test_a_ring_with_any_changed_byte_trusts_nobody_else(data: st.DataObject) -> None:
    """It is no signed file: who can change it can add a key. But a damaged byte never makes a key another one."""
    text = _RING.model_dump_json(by_alias=True).encode()
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + bytes([data.draw(st.integers(0, 255))]) + text[place + 1 :]
    try:
        found = ring_from(changed)
    except ConfigurationError:
        return
    assert [key.key_id for key in found.keys] == [key.key_id for key in _RING.keys]
    assert [key.public_key() for key in found.keys] == [key.public_key() for key in _RING.keys]


_RAW = "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, 7.1
_RING = KeyRing().add(PublicKey(bytes.fromhex(_RAW)), "Lab", "2026-02-01", "2026-11-30")
