# SPDX-License-Identifier: Apache-2.0
"""Keep the delay of the edges that an examination found, and say whether the one of a bench file still fits."""

from dataclasses import replace
from pathlib import Path

from energy_runner.bench import Bench
from energy_runner.bench.calibration import zone_of
from energy_runner.bench.edge_delay import check_delay_of, check_period, other_dut, unproven
from energy_runner.bench.edge_delay_file import write_delay
from energy_runner.bench.edge_delay_spec import MOST_CHARACTERS, EdgeDelaySpec, MeasuredDutSpec, MeasuredWithSpec
from energy_runner.director.edge_delay_check import STEP
from energy_runner.director.examination import Examination, Examined
from energy_runner.errors import BenchFault
from energy_runner.session.days import day_in
from energy_runner.version import version
from instruments.clock import utc_text
from instruments.errors import one_line
from instruments.roles import Identity

KEPT = "delay is kept"
STATED = "delay in the bench file"


def keep_delay(examination: Examination, bench: Bench, file: Path) -> Examination:
    """Write the delay that was found to `file`; return the examination with a step that says so, or why not.

    Raises `ConfigurationError` if `file` holds something else or the delay of other instruments, or cannot be
    written.
    """
    delay = delay_found(examination, bench)
    if delay is None:
        text = f"there is nothing to keep: see '{STEP}'" if examination.well else "not while something is wrong"
        return _with(examination, Examined(KEPT, False, text))
    write_delay(file, delay, f"energy-runner {version()}")
    beside = unproven(delay)
    return _with(
        examination,
        Examined(
            KEPT,
            True,
            f'in {file}. To use it, put edge_delay = "{file.name}" above all tables of a bench file in that folder'
            + (f"; {beside}" if beside else ""),
        ),
    )


def check_stated(examination: Examination, bench: Bench) -> Examination:
    """Return the examination with a step that says whether the bench file's own delay fits what answered.

    A run would refuse one that does not before it switches anything on, so an examination must not call that well.
    """
    spec, who = bench.spec, examination.identities
    if spec.edge_delay is None or not bench.instruments.keys() <= who.keys():
        return examination  # what did not answer is said already
    try:
        for name in bench.instruments:
            check_delay_of(spec, name, who[name])
        if examination.edge_delay is not None:
            check_period(spec, examination.edge_delay.period_s)
    except BenchFault as error:
        return _with(examination, Examined(STATED, False, one_line(error)))
    other = other_dut(spec, who["dut"]) if "dut" in who and not bench.virtual else ""
    fits = f"measured on {spec.edge_delay.measured_on} with these instruments"
    says = "; ".join(text for text in (fits, unproven(spec.edge_delay), other) if text)
    return _with(examination, Examined(STATED, True, says))


def delay_found(examination: Examination, bench: Bench) -> EdgeDelaySpec | None:
    """Return the delay as a bench file states it; None if none was found, or something is wrong with the bench."""
    checked, players = examination.edge_delay, bench.players
    if checked is None or checked.found is None or players.sampler is None or players.edges is None:
        return None
    identities = examination.identities
    if not examination.well or "dut" not in identities:
        return None
    sampler, edges = (identities.get(player.instrument) for player in (players.sampler, players.edges))
    if sampler is None or edges is None:
        return None
    return EdgeDelaySpec(
        measured_on=day_in(zone_of(bench.spec), utc_text(bench.clock.utc_ns())),
        delay_s=_rounded(checked.found.delay_s),
        u_s=_rounded(checked.found.u_s),
        n=checked.found.count,
        by=checked.by,
        period_s=checked.period_s,
        virtual=bench.virtual or any(one.virtual for one in identities.values()) or None,
        sampler=_measured_with(sampler),
        edges=_measured_with(edges),
        dut=MeasuredDutSpec(name=_short(identities["dut"].make), model=_short(identities["dut"].model)),
    )


def _measured_with(identity: Identity) -> MeasuredWithSpec:
    facts = {key: _short(getattr(identity, key)) for key in MeasuredWithSpec.model_fields}
    return MeasuredWithSpec(**facts)


def _short(text: str) -> str:
    """Return a text cut to the length that a bench file can hold; a cut identity matches no instrument later."""
    return text[:MOST_CHARACTERS]


def _rounded(time_s: float) -> float:
    return float(f"{time_s:.6g}")


def _with(examination: Examination, step: Examined) -> Examination:
    return replace(examination, steps=(*examination.steps, step))
