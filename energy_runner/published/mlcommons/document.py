# SPDX-License-Identifier: Apache-2.0
"""`results.json` of the MLCommons runner: one entry for each pass of its loop.

Numbers may come as strings. Sizes are bounded before anything is parsed, and the parser itself refuses deep
nesting. NaN and infinity, which that runner writes although JSON knows neither, are read as such.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from energy_runner.errors import SessionError
from energy_runner.published.contents import Contents
from energy_runner.published.validation import first_error

_LARGEST = 2**53
_MOST = 60_000  # an accuracy session of ad01 has 48608
# Signs that a file may hold; the parser takes ten to fifty times as much memory for what they divide.
_MOST_SIGNS = {
    b",": 4_000_000,  # values: a recording of an hour at 1 kHz has 3.6 million
    b"{": 5 * _MOST,  # a pass has up to four objects in it
    b"[": 10 * _MOST,  # lists: answers, samples, edges and windows
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Infer(_Part):
    """What the DUT did in a pass; times in microseconds of its clock."""

    results: list[float] = Field(default_factory=list, max_length=4096)
    iterations: int = Field(ge=0, le=_LARGEST)
    warmups: int | None = Field(default=None, ge=0, le=_LARGEST)
    start_time: int | None = Field(default=None, ge=0, le=_LARGEST)
    end_time: int | None = Field(default=None, ge=0, le=_LARGEST)
    elapsed_time: int | None = None
    detections: list[float] | None = Field(default=None, max_length=60_000)  # one each 20 ms of a run
    detection_windows: list[tuple[float, float]] | None = Field(default=None, max_length=4096)


class Power(_Part):
    """What the monitor recorded in a pass: joule a millisecond, and edges as (counter, samples so far)."""

    samples: list[float]
    timestamps: list[tuple[Any, int]]
    voltage: float | None = None


class DutyCycle(_Part):
    """Times in seconds at which the DUT's processing pin rose and fell."""

    start_times_s: list[float]
    stop_times_s: list[float]


class About(_Part):
    """What our own export says about itself."""

    simulated: bool = False


class Pass(_Part):
    """One entry of the file; `infer` is None for an entry that only reports an error."""

    file: str = Field(default="", max_length=300)
    label: int | None = Field(default=None, alias="class")
    classes: int | None = None
    bytes_to_send: int | None = Field(default=None, ge=0, le=_LARGEST)
    stride: int | None = Field(default=None, ge=0, le=_LARGEST)
    mode: str = ""
    infer: Infer | None = None
    power: Power | None = None
    dutycycle: DutyCycle | None = None
    error: str = ""
    energy_runner: About = Field(default_factory=About)  # a default of its own would be copied for each pass


_PASSES: TypeAdapter[list[Pass]] = TypeAdapter(Annotated[list[Pass], Field(max_length=_MOST)])


@dataclass(frozen=True)
class Document:
    """The passes of a session, those that the DUT worked in, the errors of the runner, or why there are none."""

    passes: list[Pass] = field(default_factory=list)
    working: list[tuple[Pass, Infer]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refusal: str = ""


def read_document(contents: Contents) -> Document:
    """Return what `results.json` holds, as far as it can be read."""
    if contents.json is None:
        return Document(refusal=contents.refusals.get("json", ""))
    try:
        passes = parse_passes(contents.json, contents.names["json"])
    except SessionError as error:
        return Document(refusal=str(error))
    return Document(
        passes=passes,
        working=[(one, one.infer) for one in passes if one.infer is not None],
        errors=[one.error for one in passes if one.error],
    )


def parse_passes(data: bytes, name: str) -> list[Pass]:
    """Return the entries of the file called `name`; raises `SessionError` for a file without such entries.

    What it holds is counted before it is parsed.
    """
    for sign, most in _MOST_SIGNS.items():
        if (count := data.count(sign)) > most:
            why = f"{count} signs {sign.decode()!r}, where no session has more than {most}"
            raise SessionError(f"{name}: is not a result of the MLCommons runner ({why})")
    try:
        passes = _PASSES.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "too_long" and not first["loc"]:
            raise SessionError(f"{name}: more than {_MOST} passes, which no session has") from None
        raise SessionError(f"{name}: is not a result of the MLCommons runner ({first_error(error)})") from None
    if len(passes) > _MOST:
        raise SessionError(f"{name}: {len(passes)} passes are more than any session has")
    return passes
