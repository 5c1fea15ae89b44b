# SPDX-License-Identifier: Apache-2.0
"""A key ring: whose keys are trusted, from which day to which, and which were revoked. People can edit it.

All days are days in UTC. A key is good from the beginning of its first day to the end of its last one, and no
longer from the beginning of the day on which it was revoked.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from energy_runner.certificate.signing.canonical import read_strict
from energy_runner.certificate.signing.keys import PublicKey, public_key
from energy_runner.certificate.signing.moments import moment_s
from energy_runner.errors import ConfigurationError, SessionError, in_words
from energy_runner.session import disk
from energy_runner.session.days import days_after, days_between, seconds_utc
from energy_runner.session.folder import write_json
from energy_runner.wording import printable, short_words, shown

SCHEMA: Literal["energy-runner/key-ring/1"] = "energy-runner/key-ring/1"
MOST_BYTES = 4 << 20
State = Literal["trusted", "unknown", "not-yet-valid", "expired", "revoked"]
ANY_DAY = "1970-01-01"  # first day of a key whose owner does not say from when on it is good
_MOST_TEXT = 1000
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ADVICE = "Try: correct it in a text editor, or get the ring again from who gave it to you"


def _day(text: str) -> str:
    if not _DAY.fullmatch(text):
        raise ValueError("a day is written YYYY-MM-DD")
    days_between(text, text)
    return text


Day = Annotated[str, AfterValidator(_day)]
# Unlike in other documents, a key that is not known is refused: it could be what takes trust away.
_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class RingKey(BaseModel):
    """A key of a laboratory."""

    model_config = _STRICT

    key_id: str = Field(pattern="^[0-9a-f]{64}$")
    """SHA-256 of the public key's SubjectPublicKeyInfo."""
    public: str = Field(max_length=_MOST_TEXT)
    """The public key, PEM."""
    owner: str = Field(min_length=1, max_length=_MOST_TEXT)
    """Who signs with it."""
    valid_from: Day
    """Its first day."""
    valid_until: Day | None = None
    """Its last day; null: until it is revoked."""
    revoked_on: Day | None = None
    """The day from which it is not trusted any more; null: it is not revoked."""
    revoked_why: str = Field(default="", max_length=_MOST_TEXT)
    """Why it was revoked."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_until is not None and days_between(self.valid_from, self.valid_until) < 0:
            raise ValueError("its last day is before its first one")
        if (self.revoked_on is None) != (not self.revoked_why):
            raise ValueError("revoked_on and revoked_why belong together")
        return self

    def public_key(self) -> PublicKey:
        """Return the key itself; raises `ConfigurationError` if it cannot be read."""
        return public_key(self.public, f"key {self.key_id[:16]}")


class Trust(BaseModel):
    """Whether a key was trusted at a moment, and why, in a sentence."""

    model_config = ConfigDict(frozen=True)

    state: State
    detail: str

    @property
    def trusted(self) -> bool:
        """Return whether it was."""
        return self.state == "trusted"


class KeyRing(BaseModel):
    """Keys, each once. It is never changed: `add` and `revoke` return another one."""

    model_config = _STRICT

    schema_: Literal["energy-runner/key-ring/1"] = Field(default=SCHEMA, alias="schema")
    keys: tuple[RingKey, ...] = Field(default=(), strict=False)

    def find(self, key_id: str) -> RingKey | None:
        """Return a key by its id; None if it is not in the ring."""
        return next((key for key in self.keys if key.key_id == key_id), None)

    def add(self, public: PublicKey, owner: str, valid_from: str, valid_until: str | None = None) -> "KeyRing":
        """Return a ring with one key more; raises `ConfigurationError` if it is there or something is wrong."""
        found = self.find(public.key_id)
        if found is not None:
            raise ConfigurationError(
                f"key {public.key_id}: it is in the ring already, of {shown(found.owner)}. "
                "Try: `energy-runner keys show`"
            )
        added = {
            "key_id": public.key_id,
            "public": public.pem,
            "owner": owner,
            "valid_from": valid_from,
            "valid_until": valid_until,
        }
        return KeyRing(keys=(*self.keys, _checked(added)))

    def revoke(self, key_id: str, revoked_on: str, why: str) -> "KeyRing":
        """Return a ring in which a key is revoked from a day on; it cannot be taken back, only made earlier.

        Raises `ConfigurationError` for a key that is not there, no reason, or a day that is later than before.
        """
        key = self.find(key_id)
        if key is None:
            raise ConfigurationError(f"key {shown(key_id)}: it is not in the ring. Try: `energy-runner keys show`")
        revoked = _checked(key.model_dump() | {"revoked_on": revoked_on, "revoked_why": why.strip()})
        if key.revoked_on is not None and days_between(key.revoked_on, revoked_on) > 0:
            raise ConfigurationError(
                f"key {key_id}: it is revoked from {key.revoked_on} on, which cannot become {revoked_on}. "
                "Try: an earlier day"
            )
        return KeyRing(keys=tuple(revoked if one is key else one for one in self.keys))

    def trust(self, key_id: str, at_utc: str, *, proven: bool = False) -> Trust:
        """Return whether a key is trusted for what was signed at a moment (ISO 8601, UTC).

        `proven` says that a time stamp proves the moment. Where only the signer states it, a revoked key is
        trusted for nothing: who has stolen it states what he likes.

        Raises `SessionError` if `at_utc` is no moment.
        """
        return self.trust_at(key_id, moment_s(at_utc), at_utc, proven=proven)

    def trust_at(self, key_id: str, at_s: float, when: str, *, proven: bool) -> Trust:
        """Return the same for a moment in seconds since 1970, which is called `when` in words."""
        key = self.find(key_id)
        if key is None:
            return Trust(state="unknown", detail=f"the key {shown(key_id)} is not in the key ring")
        return _trust(key, when, at_s, proven)


def _trust(key: RingKey, when: str, at_s: float, proven: bool) -> Trust:
    whose = f"the key {key.key_id[:16]} of {shown(key.owner)}"
    if key.revoked_on is not None:
        why = f"{whose} is revoked from {key.revoked_on} on ({shown(key.revoked_why)})"
        if at_s >= seconds_utc(key.revoked_on):
            return Trust(state="revoked", detail=why)
        if not proven:
            return Trust(state="revoked", detail=f"{why}, and no time stamp proves that the signature is older")
    if at_s < seconds_utc(key.valid_from):
        return Trust(state="not-yet-valid", detail=f"{whose} is valid from {key.valid_from} on, not at {when}")
    if key.valid_until is not None and at_s >= _end_of(key.valid_until):
        return Trust(state="expired", detail=f"{whose} was valid until {key.valid_until}, not at {when}")
    return Trust(state="trusted", detail=f"{whose} is in the key ring and valid at {when}")


def load_ring(path: Path) -> KeyRing:
    """Return the ring in a file; raises `ConfigurationError`, with the place, for what is wrong in it."""
    where = printable(str(path))
    try:
        with disk.open_file(path) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{where}: the key ring cannot be read ({in_words(error)}). Try: `energy-runner keys add` makes one"
        ) from None
    try:
        return ring_from(data, where)
    except SessionError as error:
        raise ConfigurationError(str(error)) from None


def ring_from(data: bytes, where: str = "key ring") -> KeyRing:
    """Return the ring in bytes; `where` is its name in messages; raises `ConfigurationError` for what is wrong."""
    try:
        ring = KeyRing.model_validate(read_strict(data, where, MOST_BYTES))
    except ValidationError as error:
        raise ConfigurationError(f"{where}: {_first(error)}. {_ADVICE}") from None
    except SessionError as error:
        raise ConfigurationError(str(error)) from None
    seen: set[str] = set()
    for number, key in enumerate(ring.keys, 1):
        if key.key_id in seen:
            raise ConfigurationError(f"{where}: key {number} is there twice. {_ADVICE}")
        if key.public_key().key_id != key.key_id:
            raise ConfigurationError(f"{where}: key {number}: key_id is not that of its public key. {_ADVICE}")
        seen.add(key.key_id)
    return ring


def save_ring(path: Path, ring: KeyRing) -> None:
    """Write a ring as a whole or not at all; raises `BenchFault` if the disk refuses."""
    write_json(path, ring.model_dump(mode="json", by_alias=True))


def _checked(key: dict[str, Any]) -> RingKey:
    try:
        return RingKey.model_validate(key)
    except ValidationError as error:
        raise ConfigurationError(f"key {key['key_id'][:16]}: {_first(error)}. Try: correct it") from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {short_words(first['msg'])}" if place else short_words(first["msg"])


def _end_of(day: str) -> float:
    try:
        return seconds_utc(days_after(day, 1))
    except ValueError:  # the last day of the calendar
        return float("inf")
