# SPDX-License-Identifier: Apache-2.0
"""The result in detail: each window, what is derived from them, and the uncertainty budget."""

from collections.abc import Iterator, Sequence
from typing import Any

from energy_runner.certificate.document.blocks import (
    Block,
    Row,
    bar,
    cell,
    facts,
    items,
    row,
    section,
    table,
    text,
)
from energy_runner.certificate.document.words import (
    NO_FIGURE,
    count,
    fixed,
    measured,
    number,
    prefixed,
    with_uncertainty,
)
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.session.result import Component, RailResult, Result, WindowResult
from energy_runner.wording import coverage_factor, rounded

_MICRO = 1e-6
_MANY = 100  # degrees of freedom whose decimals tell nothing


def windows_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the windows and what is derived from them."""
    result = one.result
    if not result.windows:
        return section("Result in detail", text(["No window was measured."]))
    return section(
        "Result in detail",
        _energies(result.windows, "Windows"),
        _times(result),
        *(_energies(rail.windows, _rail(rail)) for rail in result.rails),
        facts(_derived(result), "Figures derived from the windows"),
        items([f"{each.id}: {each.detail}{_of_window(each.window)}" for each in result.findings], "Findings")
        if result.findings
        else None,
    )


def _of_window(index: int | None) -> str:
    return "" if index is None else f" (window {index + 1})"


def _rail(rail: RailResult) -> str:
    share = "" if rail.share is None else f", {rail.share * 100:.2f} % of the sum"
    return f"Supply rail {rail.name}, {number(rail.voltage_v, 5, 'V')}{share}"


def _energies(windows: Sequence[WindowResult], title: str) -> Block:
    energy, of_energy = prefixed([each.energy_j for each in windows], "J")
    power, of_power = prefixed([each.mean_power_w for each in windows], "W")
    return table(
        [
            ("No.", "right", "auto"),
            ("Stimulus", "left", "1fr"),
            ("Inferences", "right", "auto"),
            ("Duration\ns", "right", "auto"),
            (f"Energy\n{energy}", "right", "auto"),
            (f"Mean power\n{power}", "right", "auto"),
            ("Energy per inference", "right", "auto"),
            ("k", "right", "auto"),
        ],
        [
            [
                str(each.index + 1),
                each.file,
                str(each.inferences),
                fixed(each.duration_s, 4),
                _over(each.energy_j, of_energy),
                _over(each.mean_power_w, of_power),
                cell(_energy(each), "strong"),
                coverage_factor(each.uncertainty.k) if each.uncertainty else NO_FIGURE,
            ]
            for each in windows
        ],
        title=title,
        note="Energy per inference with its expanded uncertainty, for a coverage probability of 95 %."
        + _incomplete(windows),
    )


def _incomplete(windows: Sequence[WindowResult]) -> str:
    lacking = [str(each.index + 1) for each in windows if each.uncertainty and not each.uncertainty.complete]
    where = "every window" if len(lacking) == len(windows) else f"window {', '.join(lacking)}"
    return f" The uncertainty is incomplete in {where}." if lacking else ""


def _energy(window: WindowResult) -> str:
    if window.uncertainty is not None:
        stated = window.uncertainty.stated
        return f"({stated.value} ± {stated.U})\u00a0{stated.unit}"
    each = window.energy_per_inference_j
    return NO_FIGURE if each is None else f"{number(each / _MICRO)}\u00a0µJ, no uncertainty"


def _over(value: float | None, factor: float) -> str:
    return NO_FIGURE if value is None else measured(value / factor)


def _times(result: Result) -> Block:
    between = [*result.between_windows_w, *[None] * len(result.windows)]
    power, of_power = prefixed(between, "W")
    return table(
        [
            ("No.", "right", "auto"),
            ("Start\ns", "right", "1fr"),
            ("End\ns", "right", "1fr"),
            ("Inferences\nper second", "right", "1fr"),
            ("Samples\nexpected", "right", "1fr"),
            ("Samples\nreceived", "right", "1fr"),
            ("Samples\nmissing", "right", "1fr"),
            ("Beyond\nthe range", "right", "1fr"),
            (f"Power until\nthe next, {power}", "right", "1fr"),
        ],
        [
            [
                str(each.index + 1),
                fixed(each.start_s, 4),
                fixed(each.stop_s, 4),
                measured(each.throughput_per_s),
                count(each.samples_expected),
                count(each.samples_received),
                count(each.samples_missing) + ("" if each.samples_missing_known else " (likeliest)"),
                count(each.samples_over_range),
                _over(after, of_power),
            ]
            for each, after in zip(result.windows, between, strict=False)
        ],
        title="Times and samples",
        note="Times count from the start of the acquisition, by the clock of the instrument that sampled.",
    )


def _derived(result: Result) -> Iterator[tuple[str, str]]:
    """Yield the figures that were derived; each with its expanded uncertainty for 95 %."""
    for name, each in (("Throughput", result.throughput), ("Energy-delay product", result.energy_delay_product)):
        if each is not None:
            lacks = f"; incomplete: {'; '.join(each.incomplete)}" if each.incomplete else ""
            yield name, f"{with_uncertainty(each.value, each.U, each.unit)}, k = {coverage_factor(each.k)}{lacks}"
    net = result.net_energy_per_inference_j
    if net is not None:
        idle = number(net.idle_w * 1e3, 5, "mW")
        value = f"{with_uncertainty(net.value_j, net.U_j, 'J')} per inference, k = {coverage_factor(net.k)}"
        yield "Energy above idle", f"{value}, above {idle}; it accompanies the score and is not judged"
    for name in ("idle", "transmit", "receive"):
        level = getattr(result.levels, name, None) if result.levels is not None else None
        if level is not None:
            yield f"Power, {name}", _level(level.power_w * 1e3, None if level.u_w is None else level.u_w * 1e3)
    if result.rails:
        for rail in result.rails:
            score = rail.energy_per_inference_j
            yield (
                f"Supply rail {rail.name}",
                score.quoted() if score is not None else "no figure that can be defended",
            )


def _level(power_mw: float, u_mw: float | None) -> str:
    """Return a power with its standard uncertainty, both to the same place (JCGM 100:2008, 7.2.6)."""
    if u_mw is None:
        return number(power_mw, 6, "mW")
    power, u = rounded(power_mw, u_mw)
    return f"{power}\u00a0mW, standard uncertainty {u}\u00a0mW"


def budget_section(one: EnergyCertificate) -> dict[str, Any]:
    """Return the uncertainty budget of the score."""
    budget, score = one.result.uncertainty, one.result.energy_per_inference_j
    if budget is None or score is None:
        return section("Uncertainty budget", text([one.statements.uncertainty]))
    stated = [rounded(each, each)[1] for each in (score.u / _MICRO, score.U / _MICRO)]
    total = sum(each.value_j**2 for each in budget.components)
    return section(
        "Uncertainty budget",
        text([one.statements.uncertainty]),
        table(
            [
                ("Cause, and where its size comes from", "left", "1fr"),
                ("Type,\ndistribution", "left", "auto"),
                ("Limit ±", "right", "auto"),
                ("Standard\nuncertainty", "right", "auto"),
                ("Sensitivity", "right", "auto"),
                ("Contribution\nµJ", "right", "auto"),
                ("Share of\nvariance", "right", "auto"),
            ],
            [
                *(_component(each, total) for each in budget.components),
                _total("Standard uncertainty of the energy per inference, median of the windows", "u", stated[0]),
                _total(
                    f"Expanded uncertainty, k = {coverage_factor(score.k)}, "
                    f"coverage probability {score.probability * 100:g} %",
                    "U",
                    stated[1],
                ),
            ],
            note=_dof(score.dof, score.k_t),
        ),
        items(score.incomplete, "Missing from the budget") if score.incomplete else None,
        items(budget.method, "How the contributions were combined"),
        items(budget.notes, "What was assumed") if budget.notes else None,
    )


def _total(name: str, sign: str, value: str) -> Row:
    return row([cell(name, "strong", span=5), cell(f"{sign} = {value}", "strong"), ""])


def _dof(dof: float | None, k_t: float | None) -> str:
    effective = "infinitely many" if dof is None else fixed(dof, 0 if dof >= _MANY else 1)
    compared = "" if k_t is None else f"; for them the t distribution gives k = {coverage_factor(k_t)}"
    return f"Effective degrees of freedom: {effective}{compared}."


def _component(each: Component, total: float) -> Row:
    dof = "" if each.dof is None else f", \u03bd\u00a0=\u00a0{number(each.dof, 3)}"
    alike = "the same error in all windows" if each.correlated else "differs from window to window"
    return row(
        [
            each.name,
            f"{each.kind}, {each.distribution}{dof}",
            number(each.limit, 3, each.unit),
            number(each.u, 3, each.unit),
            _sensitivity(each),
            number(each.value_j / _MICRO, 3),
            bar(each.value_j**2 / total if total > 0 else None),
        ],
        below=f"{each.source}; {alike}",
    )


def _sensitivity(each: Component) -> str:
    if each.sensitivity is None:
        return NO_FIGURE
    return f"{number(each.sensitivity, 3)}\u00a0J" + (f"/{each.unit}" if each.unit and each.unit != "1" else "")
