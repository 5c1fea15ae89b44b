# SPDX-License-Identifier: Apache-2.0
"""A published session as the facts of one of ours, not written yet."""

from collections.abc import Sequence

from energy_runner.published.conversion.events import make_events
from energy_runner.published.conversion.record import make_record
from energy_runner.published.conversion.specification import look_up
from energy_runner.published.model import PublishedSession
from energy_runner.session.whole import Facts, Samples
from energy_runner.version import version


def convert(
    versions: Sequence[PublishedSession], session_id: str, *, path: str, with_hashes: bool = False
) -> list[Facts]:
    """Return the facts of each of `versions`, which are of one session.

    `path` is the session's path where it was published. Hashing its files takes time; an audit, which keeps
    nothing, does without. Raises `SessionError` for a benchmark that is not ours.
    """
    recordings = [session.recording for session in versions]
    instrument = look_up(next((recording.instrument for recording in recordings if recording is not None), ""))
    software = f"energy-runner {version()}"
    records = [
        make_record(
            session,
            session_id,
            path=path,
            software=software,
            instrument=instrument.title,
            files=session.files if with_hashes else (),
        )
        for session in versions
    ]
    journals = [make_events(session, instrument) for session in versions]
    samples = [
        Samples(recording.samples_j, 1 / recording.rate_hz, tuple(edge.position for edge in recording.edges))
        if recording is not None
        else None
        for recording in recordings
    ]
    return [Facts(*facts) for facts in zip(records, journals, samples, strict=True)]
