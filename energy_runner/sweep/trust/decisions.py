# SPDX-License-Identifier: Apache-2.0
"""Decisions as small JSON files beside the sessions: `bench-trust-*.json`. They are facts, and never changed."""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from energy_runner.errors import ConfigurationError, SessionError, in_words
from energy_runner.session import disk
from energy_runner.session.days import seconds_utc
from energy_runner.session.folder import write_json
from energy_runner.sweep.trust.points import Baseline, Decision
from energy_runner.wording import short_words
from instruments.clock import NS_PER_S, utc_text

PATTERN = "bench-trust-*.json"
MOST_TEXT = 1000  # characters of a reason
_MOST_BYTES = 65_536


class _Document(BaseModel):
    """The file. Keys that a later version adds are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_: Literal["energy-runner/bench-trust/1"] = Field(default="energy-runner/bench-trust/1", alias="schema")
    bench: str = Field(min_length=1, max_length=MOST_TEXT)
    decided_utc: str = Field(max_length=40)
    who: str = Field(max_length=MOST_TEXT)
    reason: str = Field(min_length=1, max_length=MOST_TEXT)
    baseline: Baseline
    software: str = Field(default="", max_length=MOST_TEXT)


def write_decision(folder: Path, decision: Decision, software: str) -> Path:
    """Write a decision into `folder`, whole or not at all, and return its path.

    Raises `ConfigurationError` for a reason that is empty or very long, or a folder that cannot be made, and
    `BenchFault` if the disk refuses.
    """
    reason = decision.reason.strip()
    if not reason or len(reason) > MOST_TEXT:
        raise ConfigurationError(
            f"a decision needs a reason of 1 to {MOST_TEXT} characters, not {len(reason)}. Try: what was found "
            "and done, for those who read it next year"
        )
    decided = utc_text(round(decision.utc_s * 1e3) * (NS_PER_S // 1000))
    document = _Document(
        bench=decision.bench,
        decided_utc=decided,
        who=decision.who[:MOST_TEXT],
        reason=reason,
        baseline=decision.baseline,
        software=software,
    )
    stamp = decided.partition(".")[0].replace("-", "").replace(":", "")
    path = folder / f"bench-trust-{stamp}Z-{secrets.token_hex(4)}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be made ({in_words(error)}). Try: another folder") from None
    write_json(path, document.model_dump(mode="json", by_alias=True))
    return path


def read_decisions(folders: Sequence[Path], bench: str) -> tuple[list[Decision], list[str]]:
    """Return the decisions about a bench in these folders, and what is wrong with files that cannot be read.

    A file that cannot be read counts for nothing: a bench is never trusted because of it.
    """
    decisions, problems = [], []
    for folder in folders:
        for path in sorted(folder.glob(PATTERN)):
            try:
                decision = _read(path)
            except SessionError as error:
                problems.append(str(error))
                continue
            if decision.bench == bench:
                decisions.append(decision)
    return decisions, problems


def _read(path: Path) -> Decision:
    try:
        with disk.open_file(path) as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise SessionError(f"{path}: is no decision about a bench: longer than {_MOST_BYTES} bytes")
        document = _Document.model_validate(json.loads(data))
        utc_s = seconds_utc(document.decided_utc)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "document"
        raise SessionError(f"{path}: is no decision about a bench: {place}: {short_words(first['msg'])}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SessionError(f"{path}: is no decision about a bench: {short_words(in_words(error))}") from None
    return Decision(document.bench, utc_s, document.who, document.reason, document.baseline, path.name)
