# SPDX-License-Identifier: Apache-2.0
"""What a later result is compared with: the figures of a session, and which monitor measured them.

It comes from a session folder, from a `result.json`, which does not tell the monitor, or from the small document
that `write_baseline` writes.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from energy_runner.analysis.facts import Facts, gather
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.session.budget import Derived
from energy_runner.session.document import READ
from energy_runner.session.events import MonitorConfigured
from energy_runner.session.folder import RESULT, Session
from energy_runner.session.record import Record
from energy_runner.session.result import SCHEMA as RESULT_SCHEMA
from energy_runner.session.result import Component, Result
from energy_runner.text_file import TextError, read_text
from energy_runner.wording import shown

SCHEMA = "energy-runner/baseline/1"
MOST_BYTES = 8_000_000
# What one specimen has on any day, as long as it is set and adjusted alike. Not an offset, which drifts.
_OF_THE_SPECIMEN = (
    "gain of the ",
    "supply voltage (as set",
    "voltage across the meter",
    "clock of the monitor",
)
_OF_THE_RUN = ("as corrected",)  # what was measured in the run itself


class Model(BaseModel):
    """Frozen, no NaN and no infinity; keys that a later version adds are ignored."""

    model_config = ConfigDict(**READ, allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True)


class Contribution(Model):
    """What one cause of error contributes to a figure, as a share of it; with a sign, by its sensitivity."""

    name: str = Field(max_length=300)
    relative: float = Field(ge=-1e6, le=1e6)
    distribution: Literal["rectangular", "normal", "t"] = "normal"
    dof: float | None = Field(default=None, gt=0)
    specimen: StrictBool = False


class BaselineFigure(Model):
    """A figure in SI, its standard uncertainty `u` and its expanded one `U`; `parts` are what `u` is made of."""

    value: float = Field(gt=0, le=1e12)
    u: float = Field(default=0.0, ge=0, le=1e12)
    U: float = Field(default=0.0, ge=0, le=1e12)
    incomplete: list[str] = Field(default_factory=list, max_length=200)
    parts: list[Contribution] = Field(default_factory=list, max_length=1000)


class Specimen(Model):
    """The monitor that measured. Errors of one specimen cancel where all of this is equal and the serial is known.

    `settings_sha256` is the digest of its specification as set, of its signals and of its sample period. `seed` is
    that of a twin, whose errors are drawn from it.
    """

    driver: str = Field(default="", max_length=300)
    model: str = Field(default="", max_length=300)
    serial: str = Field(default="", max_length=300)
    supply: str = Field(default="", max_length=300)
    settings_sha256: str = Field(default="", max_length=64)
    seed: int | None = None

    @property
    def known(self) -> bool:
        """Return whether it says enough to recognise the same specimen again."""
        return bool(self.driver and self.serial and self.settings_sha256)


class Baseline(Model):
    """A result to compare with."""

    schema_: Literal["energy-runner/baseline/1"] = Field(default="energy-runner/baseline/1", alias="schema")
    benchmark: str = Field(max_length=300)
    mode: Literal["energy", "performance", "accuracy"]
    virtual: StrictBool
    valid: StrictBool
    figures: dict[str, BaselineFigure] = Field(max_length=100)
    monitor: Specimen | None = None
    voltage_v: float | None = None
    session_id: str = Field(default="", max_length=300)
    facts_sha256: str | None = None
    software: str = Field(default="", max_length=300)


def baseline_of(session: Session, result: Result | None = None) -> Baseline:
    """Return the baseline that a session is, by its result as it was written, or by `result`."""
    result = session.result() if result is None else result
    record = session.record
    journal = session.journal(exchanges=False)
    facts = gather(journal) if record.run.mode == "energy" else None
    monitor, voltage_v = None, None
    if facts is not None and facts.monitor is not None:
        voltage_v = facts.monitor.voltage_set_v
        rails = {one.rail: one for one in journal.of(MonitorConfigured)} if facts.rails else {}
        each = [_specimen(record, facts, one) for one in rails.values() or (facts.monitor,)]
        monitor = _together(each, [one.voltage_set_v for one in rails.values()])
        monitor = monitor.model_copy(update={"seed": record.run.seed if result.virtual else None})
    return _of_result(result).model_copy(
        update={
            "monitor": monitor,
            "voltage_v": voltage_v,
            "session_id": record.session_id,
            "facts_sha256": record.seal.sha256 if record.seal is not None else None,
            "software": record.software,
        }
    )


def read_baseline(path: Path) -> Baseline:
    """Return the baseline in a session folder or in a file; raise `ConfigurationError` if it is neither."""
    if path.is_dir():
        return baseline_of(Session.open(path))
    if path.name == RESULT and (path.parent / "record.json").is_file():
        return baseline_of(Session.open(path.parent))
    advice = "Try: a session folder, a result.json, or a baseline that was written"
    try:
        text = read_text(path, MOST_BYTES)
        document = json.loads(text)
        kind = document.get("schema") if isinstance(document, dict) else None
        if str(kind).split(".", maxsplit=1)[0] == RESULT_SCHEMA:
            return _of_result(Result.model_validate(document))
        if kind != SCHEMA:
            raise ConfigurationError(f"{path}: is no baseline (schema {shown(kind)!r}). {advice}")
        return Baseline.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = shown(".".join(str(part) for part in first["loc"]))
        raise ConfigurationError(f"{path}: {place or 'document'}: {shown(first['msg'], 200)}. {advice}") from None
    except (OSError, TextError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({in_words(error)}). {advice}") from None
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{path}: is not JSON. {advice}") from None


def _specimen(record: Record, facts: Facts, configured: MonitorConfigured) -> Specimen:
    """Return the monitor that measured the only rail, or one of several."""
    box = next((one for one in facts.boxes if one.box == configured.sampler), None)
    identity = box.identity if box is not None else {}
    settings = [configured.accuracy, configured.signals, configured.period_s]
    return Specimen(
        driver=str(record.instrument(configured.sampler).get("driver", ""))[:300],
        model=str(identity.get("model", ""))[:300],
        serial=str(identity.get("serial", ""))[:300],
        supply=_fed_by(record, facts, configured.supply),
        settings_sha256=hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest(),
    )


def _together(each: Sequence[Specimen], voltages_v: Sequence[float | None]) -> Specimen:
    """Return the monitors of several rails as one: errors of the sum cancel only if all of them are the same."""
    if len(each) == 1:
        return each[0]
    known = all(one.known for one in each)
    told = [*(one.model_dump(mode="json") for one in each), voltages_v]
    return Specimen(
        driver=", ".join(one.driver for one in each)[:300],
        model=", ".join(one.model for one in each)[:300],
        serial=", ".join(one.serial for one in each)[:300] if known else "",
        supply=", ".join(one.supply for one in each)[:300],
        settings_sha256=hashlib.sha256(json.dumps(told).encode()).hexdigest(),
    )


def _fed_by(record: Record, facts: Facts, name: str) -> str:
    """Return driver and serial number of the instrument that feeds the DUT; empty if none on the bench does."""
    box = next((one for one in facts.boxes if one.box == name), None)
    serial = box.identity.get("serial", "") if box is not None else ""
    return f"{record.instrument(name).get('driver', '')} {serial}".strip()[:300] if name else ""


def _of_result(result: Result) -> Baseline:
    return Baseline(
        benchmark=result.benchmark,
        mode=result.mode,
        virtual=result.virtual,
        valid=result.valid,
        figures={name: one for name, one in _figures(result).items() if one is not None},
        software=result.judged_by.software if result.judged_by is not None else "",
    )


def _figures(result: Result) -> dict[str, BaselineFigure | None]:
    score, accuracy = result.energy_per_inference_j, result.accuracy
    energy = None
    if score is not None and score.median > 0:
        rows = result.uncertainty.components if result.uncertainty is not None else []
        energy = BaselineFigure(
            value=score.median,
            u=score.u,
            U=score.U,
            incomplete=score.incomplete,
            parts=[_part(row) for row in rows],
        )
    value = accuracy.value if accuracy is not None else None
    return {
        "energy_per_inference": energy,
        "energy_delay_product": _derived(result.energy_delay_product),
        "throughput": _derived(result.throughput),
        "latency": _inverse(result.throughput),
        "accuracy": BaselineFigure(value=value) if value is not None and value > 0 else None,
    }


def _derived(figure: Derived | None) -> BaselineFigure | None:
    if figure is None or not figure.value > 0:
        return None
    return BaselineFigure(value=figure.value, u=figure.u, U=figure.U, incomplete=figure.incomplete)


def _inverse(rate: Derived | None) -> BaselineFigure | None:
    """Return the mean duration of an inference: its relative uncertainty is that of the rate."""
    if rate is None or not rate.value > 0:
        return None
    square = rate.value**2
    return BaselineFigure(value=1.0 / rate.value, u=rate.u / square, U=rate.U / square, incomplete=rate.incomplete)


def _part(row: Component) -> Contribution:
    specimen = (
        row.kind == "B"
        and row.correlated
        and row.name.startswith(_OF_THE_SPECIMEN)
        and not any(words in row.name for words in _OF_THE_RUN)
    )
    shape = row.distribution if row.distribution in ("rectangular", "t") else "normal"
    return Contribution(
        name=row.name[:300],
        relative=math.copysign(abs(row.relative), row.sensitivity if row.sensitivity else 1.0),
        distribution=shape,  # type: ignore[arg-type]
        dof=row.dof,
        specimen=specimen,
    )
