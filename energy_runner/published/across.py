# SPDX-License-Identifier: Apache-2.0
"""What only several sessions together show: copies, other firmware, other throughputs of one system."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from energy_runner.published.compare import Comparison
from energy_runner.published.discover import Found
from energy_runner.published.findings import finding, seen
from energy_runner.published.forgery import LEAST_PIECES, pieces_of
from energy_runner.published.model import PublishedSession
from energy_runner.published.names import MODE_FOLDERS
from energy_runner.published.report import with_findings
from energy_runner.published.row import AuditFinding, AuditRow, Evidence

_LEAST_SAMPLES = 1000
_LEAST_TIMES = 10  # times to the millisecond that two sessions never have in common by chance
_GROSS = 0.1  # beyond it two throughputs are not those of one system with one setting
_SHOWN = 3
_EARLY_US = 1_000_000  # a timer that begins anew in each window may show the same laps in two sessions
_MOST_OWNERS = 50


@dataclass(frozen=True)
class Traits:
    """What identifies a session among others; empty or None where it has nothing that does.

    `group` is the folder that the modes of one system and benchmark share, `fingerprint` is of its samples, or of
    its answers with the times at which they came, in `file`; `pieces` are parts of it that no other session has.
    `published_beside` is the throughput that its
    performance session published, for an audit of one session alone.
    """

    group: str = ""
    fingerprint: str = ""
    pieces: frozenset[int] = frozenset()
    file: str = ""
    firmware: tuple[str, ...] = ()
    published_beside: float | None = None
    same_in_both_modes: float = 0.0
    clause: str = ""


def traits_of(comparison: Comparison, found: Found) -> Traits:
    """Return what is compared of a session with others."""
    session, limits = comparison.session, comparison.limits
    fingerprint, role = _fingerprint(comparison)
    firmware = tuple(text for text in (session.profile, session.model) if text)
    return Traits(
        group=_group(found),
        fingerprint=fingerprint,
        pieces=_pieces(session),
        file=session.names.get(role, role),
        firmware=(session.runner, *firmware) if firmware else (),
        published_beside=comparison.beside,
        same_in_both_modes=limits.same_in_both_modes,
        clause=limits.clauses.get("throughput-agrees", ""),
    )


def compared(rows: Sequence[AuditRow], traits: Sequence[Traits]) -> list[AuditRow]:
    """Return the rows with what they show together; `traits` are those of the rows, in the same order."""
    more: dict[int, list[AuditFinding]] = defaultdict(list)
    for number, found in _copies(rows, traits):
        more[number].append(found)
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, (row, one) in enumerate(zip(rows, traits, strict=True)):
        if one.group:
            groups[row.root, one.group].append(number)
    for numbers in groups.values():
        for number, found in [*_firmware(numbers, rows, traits), *_modes(numbers, rows, traits)]:
            more[number].append(found)
    return [with_findings(row, more[number]) if number in more else row for number, row in enumerate(rows)]


def _group(found: Found) -> str:
    """Return the folder that holds all modes of one system and benchmark."""
    folder = found.folder
    return (folder.parent if folder.name.lower() in MODE_FOLDERS else folder).absolute().as_posix()


def _fingerprint(comparison: Comparison) -> tuple[str, str]:
    """Return a hash of what a session measured, and the role of the file that it is in.

    Answers alone are no fingerprint: the same network gives the same ones on two boards. With the times at which
    the host had them, to the millisecond, they are.
    """
    session = comparison.session
    if session.recording is not None:
        samples = session.recording.samples_j
        if len(samples) < _LEAST_SAMPLES or not np.any(samples != samples[0]):
            return "", ""
        return _hash(session.mode, samples.tobytes()), "json" if session.passes else "trace"
    if session.passes:
        laps = [lap for command in session.commands for lap in command.laps_us]
        return (_hash(session.mode, repr(laps).encode()), "json") if len(laps) >= _LEAST_TIMES else ("", "")
    commands = session.commands
    times = [(c.sent_ms, c.start_ms, c.done_ms, c.laps_us, c.results) for c in commands]
    if 3 * len(commands) < _LEAST_TIMES or not any(c.done_ms for c in commands):
        return "", ""
    return _hash(session.mode, repr(times).encode()), "log"


def _pieces(session: PublishedSession) -> frozenset[int]:
    """Return hashes of parts of what was measured: of the trace, or the laps of each window by the microsecond."""
    if session.simulated:
        return frozenset()
    if session.recording is not None:
        return pieces_of(session.recording.samples_j).standing_for_all()
    windows = [
        (one.inferences, *one.laps_us)
        for one in session.commands
        if session.mode == "performance" and len(one.laps_us) == 2 and one.laps_us[0] > _EARLY_US
    ]
    hashed = (hashlib.blake2b(repr(one).encode(), digest_size=8).digest() for one in windows)
    return frozenset(int.from_bytes(one) for one in hashed)


def _hash(mode: str, data: bytes) -> str:
    return f"{mode}:{hashlib.blake2b(data, digest_size=16).hexdigest()}"


def _copies(rows: Sequence[AuditRow], traits: Sequence[Traits]) -> Iterator[tuple[int, AuditFinding]]:
    """Yield sessions that are bit for bit the same as others."""
    same: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(traits):
        if one.fingerprint:
            same[one.fingerprint].append(number)
    for numbers in same.values():
        for number in numbers if len(numbers) > 1 else ():
            others = [other for other in numbers if other != number]
            again = all(_submitted_again(rows[number], rows[other]) for other in others)
            yield number, _copy(number, others, rows, traits, again=again)
    for (number, other), shared in _in_part(traits).items():
        again = _submitted_again(rows[number], rows[other])
        yield number, _copy(number, [other], rows, traits, again=again, part=(shared, len(traits[number].pieces)))


def _in_part(traits: Sequence[Traits]) -> dict[tuple[int, int], int]:
    """Return how many pieces two sessions have in common, for those that are no copies as a whole."""
    owners: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(traits):
        for piece in one.pieces:
            owners[piece].append(number)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for numbers in owners.values():
        # What many have is no sign of one: a DUT whose timer begins anew may show the same laps.
        for number, other in permutations(numbers, 2) if 1 < len(numbers) <= _MOST_OWNERS else ():
            if traits[number].fingerprint != traits[other].fingerprint:
                shared[number, other] += 1
    found: dict[tuple[int, int], int] = {}
    for (number, other), count in sorted(shared.items(), key=lambda one: -one[1]):
        least = min(LEAST_PIECES, max(2, len(traits[number].pieces) // 2))
        if count >= least and not any(number == known for known, _ in found):
            found[number, other] = count
    return found


def _submitted_again(row: AuditRow, other: AuditRow) -> bool:
    """Return whether two rows are one result of one system, in two rounds."""
    return (
        row.round != other.round
        and row.submitter == other.submitter
        and row.system == other.system
        and row.benchmark == other.benchmark
    )


def _copy(
    number: int,
    others: Sequence[int],
    rows: Sequence[AuditRow],
    traits: Sequence[Traits],
    *,
    again: bool,
    part: tuple[int, int] | None = None,
) -> AuditFinding:
    what = "trace" if rows[number].mode == "energy" else "log"
    names = ", ".join(rows[other].session for other in others[:_SHOWN])
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    if part is None:
        text = f"the {what} is bit for bit that of {names}{more}"
    else:
        text = f"{part[0]} of {part[1]} pieces of the {what} are bit for bit those of {names}{more}"
    where: list[Evidence] = [seen(traits[number].file)]
    where += [seen(traits[other].file, text=rows[other].session) for other in others[:_SHOWN]]
    kind = "same-session-again" if again else "identical-session"
    measured, limit = (len(others) + 1, 1) if part is None else (part[0], 0)
    return finding(kind, text, seen=where, measured=measured, limit=limit)


def _firmware(
    numbers: Sequence[int], rows: Sequence[AuditRow], traits: Sequence[Traits]
) -> Iterator[tuple[int, AuditFinding]]:
    """Yield accuracy sessions whose DUT calls its firmware otherwise than that of the timed sessions."""
    timed = [n for n in numbers if rows[n].mode != "accuracy" and traits[n].firmware]
    for number in numbers:
        own = traits[number].firmware
        if rows[number].mode != "accuracy" or not own:
            continue
        other = next((n for n in timed if traits[n].firmware != own and traits[n].firmware[0] == own[0]), None)
        if other is None or any(traits[n].firmware == own for n in timed):
            continue
        theirs = " / ".join(traits[other].firmware[1:])
        text = f"accuracy of another firmware: {' / '.join(own[1:])}, in {rows[other].mode} mode it is {theirs}"
        where = [seen(traits[number].file), seen(traits[other].file, text=rows[other].session)]
        yield number, finding("other-firmware", text, measured=" / ".join(own[1:]), limit=theirs, seen=where)


def _modes(
    numbers: Sequence[int], rows: Sequence[AuditRow], traits: Sequence[Traits]
) -> Iterator[tuple[int, AuditFinding]]:
    """Yield energy sessions whose throughput is not that of the performance session of the same system."""
    performance = [n for n in numbers if rows[n].mode == "performance"]
    for number in numbers:
        row, limit = rows[number], traits[number].same_in_both_modes
        if row.mode != "energy" or not row.throughput_per_s:
            continue
        beside = traits[number].published_beside
        rates = [_true_rate(rows[n]) for n in performance] if performance else [(beside, "published")]
        known = [(rate, how) for rate, how in rates if rate]
        if not known:
            continue
        rate, how = min(known, key=lambda one: abs((row.throughput_per_s or 0.0) / one[0] - 1))
        share = row.throughput_per_s / rate - 1
        if abs(share) <= limit:
            continue
        side = "faster" if share > 0 else "slower"
        text = (
            f"{abs(share) * 100:.3g} % {side} in energy mode than in performance mode: {row.throughput_per_s:.6g} "
            f"inf./sec. against {rate:.6g} ({how})"
        )
        kind = "modes-contradict" if abs(share) > _GROSS else "modes-vary"
        where = [seen(traits[n].file, text=rows[n].session) for n in performance[:_SHOWN]]
        clause = traits[number].clause if kind == "modes-vary" else ""
        yield number, finding(kind, text, measured=share, limit=f"± {limit:g}", clause=clause, seen=where)


def _true_rate(row: AuditRow) -> tuple[float | None, str]:
    """Return the throughput of a performance session, put right where its clock is known to be wrong."""
    if row.corrected is not None:
        return row.corrected, "by the host's clock"
    if row.reproduced and row.published and row.state == "does-not-reproduce":
        # The energy session is not to blame for a figure that the other's own log does not give.
        return row.reproduced, "by its log, which gives another figure than the published one"
    return (row.published, "published") if row.published else (row.ours, "ours")
