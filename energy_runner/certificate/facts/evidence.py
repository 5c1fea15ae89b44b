# SPDX-License-Identifier: Apache-2.0
"""What a certificate rests on: sealed files, the bench's control chart, and the curves that it shows."""

from pydantic import Field, StrictBool

from energy_runner.session.document import Model


class SealedFile(Model):
    """A file of the session."""

    name: str
    """Its name."""
    size: int
    """Size, bytes."""
    sha256: str
    """SHA-256."""


class SessionEvidence(Model):
    """The session that the figures were derived from."""

    session_id: str
    """Its name."""
    started_utc: str
    """Beginning, ISO 8601: by the virtual clock of a virtual bench, as it was printed for an imported session."""
    time_zone: str = ""
    """Time zone of the laboratory, by which days count, as its bench file names it; empty for none: UTC."""
    virtual: StrictBool
    """True if anything on the bench was simulated."""
    bench: str
    """Name of the bench."""
    origin: str = ""
    """Who measured an imported session; empty for one of energy-runner's own."""
    facts_sha256: str | None
    """Digest of its sealed facts, `seal.sha256` of the record; null for a session that is not sealed."""
    files: list[SealedFile]
    """Its sealed files."""
    software: str
    """Name and version of the program that recorded."""
    commit: str | None = None
    """Commit of that program; null where it is not known."""
    libraries: dict[str, str] = Field(default_factory=dict)
    """Versions of the libraries that took part."""
    result_sha256: str | None
    """The result's digest of itself; null where it states none."""


class BenchTrust(Model):
    """The state of the bench's control chart when it measured."""

    state: str
    """`trusted`, `out of control` or `not watched`."""
    detail: str = ""
    """Why, in words."""
    source: str = ""
    """Who says so: `the session`, or `the control chart` as it was at the time of issue."""


class Curve(Model):
    """A curve that the certificate shows: means over equal stretches, with the extremes in each."""

    start_s: float
    """Time of the first stretch's beginning, s from the start of the acquisition or of an inference."""
    step_s: float
    """Length of a stretch, s."""
    mean_w: list[float | None]
    """Mean power of each stretch, W; null where no sample arrived."""
    low_w: list[float | None] = Field(default_factory=list)
    """Least power in each stretch, W; empty where only means are known."""
    high_w: list[float | None] = Field(default_factory=list)
    """Largest power in each stretch, W; likewise."""


class Curves(Model):
    """The curves of the figures."""

    run: Curve | None = None
    """Power over the whole acquisition; null where there is no trace."""
    inference: Curve | None = None
    """Power over one mean inference; null where no single inference can be told in the trace."""
    inferences_averaged: int = 0
    """How many inferences `inference` is the mean of."""
