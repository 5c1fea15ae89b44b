# SPDX-License-Identifier: Apache-2.0
"""Whether a signature is trusted today, with a time stamp or without.

The day of issue is what the signer states. With a time stamp, the key has to be good at the moment of the stamp:
until then, at the latest, the signature was made. Without one, it has to be good now, because nothing shows that a
signature was made before its key expired or was stolen.
"""

from energy_runner.certificate.signing.moments import moment_s
from energy_runner.certificate.signing.ring import KeyRing, Trust
from energy_runner.certificate.signing.timestamp import Stamped

# Two computers' clocks may be set this far apart, in seconds, before one contradicts the other.
CLOCKS_APART_S = 300.0
_NOT_PROVEN = "; no time stamp proves that the signature is older"


def trust_of(ring: KeyRing, key_id: str, issued_utc: str, now_utc: str, stamped: Stamped | None = None) -> Trust:
    """Return whether a signature by a key is trusted now.

    `issued_utc` is the time of issue that was signed, `now_utc` is now (ISO 8601, UTC), `stamped` is what a time
    stamp of the signed envelope proves. Raises `SessionError` for a text that is no moment.
    """
    issued_s, now_s = moment_s(issued_utc), moment_s(now_utc)
    proven = stamped is not None
    at_issue = ring.trust_at(key_id, issued_s, f"the stated time of issue, {issued_utc}", proven=proven)
    if not at_issue.trusted:
        return at_issue
    if stamped is not None:
        latest_s = moment_s(stamped.at_utc) + stamped.accuracy_s
        return ring.trust_at(key_id, latest_s, f"the time stamp, {stamped.at_utc}", proven=True)
    today = ring.trust_at(key_id, now_s, f"the time of this check, {now_utc}", proven=False)
    return today if today.trusted else Trust(state=today.state, detail=today.detail + _NOT_PROVEN)


def contradiction(issued_utc: str, now_utc: str, stamped: Stamped | None = None) -> str:
    """Return which clocks contradict each other, in words; empty if none do.

    Raises `SessionError` for a text that is no moment.
    """
    issued_s, now_s = moment_s(issued_utc), moment_s(now_utc)
    if issued_s > now_s + CLOCKS_APART_S:
        return f"issued at {issued_utc}, which is later than now ({now_utc}): one of the two clocks is wrong"
    if stamped is None:
        return ""
    stamp_s = moment_s(stamped.at_utc)
    slack_s = CLOCKS_APART_S + stamped.accuracy_s
    if stamp_s < issued_s - slack_s:
        return f"issued at {issued_utc}, but time-stamped before that, at {stamped.at_utc}"
    if stamp_s > now_s + slack_s:
        return f"time-stamped at {stamped.at_utc}, which is later than now ({now_utc})"
    return ""


def may_revoke(ring: KeyRing, key_id: str, certificate_key_id: str) -> bool:
    """Return whether a key may revoke what another signed: it is the same, or both have one owner in the ring."""
    if key_id == certificate_key_id:
        return True
    revoker, signer = ring.find(key_id), ring.find(certificate_key_id)
    return revoker is not None and signer is not None and revoker.owner == signer.owner
