# SPDX-License-Identifier: Apache-2.0
"""What a result was derived from and judged by, as `result.json` names it."""

from energy_runner.session.document import Model


class JudgedSession(Model):
    """Another session that took part in the verdicts."""

    session_id: str
    """Its name."""
    facts_sha256: str | None = None
    """Digest of its facts, `seal.sha256` of its record; null if it is not sealed."""


class Judged(Model):
    """What the result was derived from and judged by."""

    facts_sha256: str | None = None
    """Digest of the facts, `seal.sha256` of the record; null for a session that is not sealed."""
    rule_set: str
    """Id of the rule set."""
    rule_set_sha256: str
    """SHA-256 of the whole rule set, with what it is based on, as compact JSON with sorted keys."""
    accuracy_session: JudgedSession | None = None
    """The accuracy session that it was compared with; null if with none."""
    performance_session: JudgedSession | None = None
    """The performance session that it was compared with; null if with none."""
    software: str
    """Name and version of the program that derived the result."""
