# SPDX-License-Identifier: Apache-2.0
"""Figures beside the score: derived ones, power outside the windows, layers, and the quality of the facts."""

from energy_runner.certificate.dcc.nodes import Node, fact
from energy_runner.certificate.dcc.quantities import (
    JOULE,
    ONE,
    SECOND,
    UNITS,
    WATT,
    Expanded,
    as_stated,
    in_words,
    quantity,
)
from energy_runner.session.budget import Component, Derived
from energy_runner.session.result import NetEnergy, Result

PROBABILITY = 0.95  # of every expanded uncertainty for which the result does not state another
Quantities = list[Node | None]


def beside(result: Result) -> Quantities:
    """Return what accompanies the score."""
    levels = result.levels
    named = (
        ("while nothing happens", levels.idle if levels else None),
        ("while the DUT sends", levels.transmit if levels else None),
        ("while a stimulus is loaded", levels.receive if levels else None),
    )
    return [
        _derived("inferences per second, median of the windows", result.throughput),
        _derived("energy of one inference times its duration", result.energy_delay_product),
        _net(result.net_energy_per_inference_j),
        *(
            quantity(
                f"mean power {when}",
                level.power_w,
                WATT,
                notes=(
                    fact("standard uncertainty of its scatter, W", level.u_w),
                    f"found in {level.places} places, {level.total_s!r} s together",
                ),
            )
            for when, level in named
            if level is not None
        ),
        in_words("where idle was searched", levels.searched) if levels is not None and levels.searched else None,
        *(
            quantity(f"mean power between windows {number} and {number + 1}", power_w, WATT)
            for number, power_w in enumerate(result.between_windows_w, 1)
        ),
    ]


def _derived(what: str, figure: Derived | None) -> Node | None:
    if figure is None:
        return None
    notes = (
        fact("standard uncertainty, in the unit of the value", figure.u),
        *(fact("missing from the uncertainty", each) for each in figure.incomplete),
    )
    if figure.unit not in UNITS:
        return in_words(what, f"{figure.value!r} ± {figure.U!r} {figure.unit}, k = {figure.k!r}")
    return quantity(what, figure.value, UNITS[figure.unit], Expanded(figure.U, figure.k, PROBABILITY), notes=notes)


def _net(net: NetEnergy | None) -> Node | None:
    if net is None:
        return None
    notes = (
        fact("standard uncertainty, J", net.u_j),
        fact("effective degrees of freedom", net.dof),
        fact("idle power, W", net.idle_w),
        fact("the uncertainty counts every cause that is known", net.complete),
    )
    uncertainty = Expanded(net.U_j, net.k, PROBABILITY)
    return quantity("energy of one inference above idle", net.value_j, JOULE, uncertainty, notes=notes)


def layers(result: Result) -> Quantities:
    """Return the energy of each layer of the network, and what they add up to."""
    found = result.layers
    if found is None:
        return []
    return [
        quantity("sum of all layers", found.energy_per_inference_j, JOULE),
        quantity("inferences in the fit", found.inferences, ONE),
        *(
            quantity(
                f"layer {number}, {each.name}",
                each.energy_j,
                JOULE,
                notes=(
                    fact("standard uncertainty of its scatter, J", each.u_j),
                    fact("duration, s", each.duration_s),
                    fact("multiply-accumulates", each.operations),
                ),
            )
            for number, each in enumerate(found.layers, 1)
        ),
    ]


def quality(result: Result) -> Quantities:
    """Return by what the facts were checked."""
    edges, laps, clock = result.edges, result.edges_cross_check, result.sample_clock
    integration, alignment = result.integration, result.alignment
    return [
        quantity("edges seen", edges.seen if edges else None, ONE),
        quantity("edges expected", edges.expected if edges else None, ONE),
        in_words("edges match one to one", "yes" if edges.exact else "no") if edges else None,
        quantity("windows by the IO manager over those by the monitor", laps.ratio if laps else None, ONE),
        quantity("spread of these ratios", laps.spread if laps else None, ONE),
        quantity("sample period by the host's clock over the one stated", clock.ratio if clock else None, ONE),
        quantity("standard uncertainty of that ratio", clock.u if clock else None, ONE),
        in_words("that clock is steady", "yes" if clock.steady else "no") if clock else None,
        in_words("corrected by the host's clock", "yes" if clock.corrected else "no") if clock else None,
        quantity(
            "energy by a second method over it, less 1", integration.difference if integration else None, ONE
        ),
        quantity("factor on durations by alignment", alignment.rate_correction if alignment else None, ONE),
        *_counted(result),
        *_summary(result),
    ]


def _counted(result: Result) -> Quantities:
    trace, bytes_ = result.inferences_in_trace, result.exchange
    return [
        quantity("inferences stated of a window", trace.stated if trace else None, ONE),
        quantity(
            "repetitions in its trace",
            trace.found if trace else None,
            ONE,
            notes=(fact("standard uncertainty", trace.u), fact("they agree", trace.agrees), trace.note)
            if trace
            else (),
        ),
        quantity("facts compared with the exchanged bytes", bytes_.compared if bytes_ else None, ONE),
        quantity(
            "of these contradicted",
            bytes_.contradictions if bytes_ else None,
            ONE,
            notes=(bytes_.first,) if bytes_ else (),
        ),
    ]


def _summary(result: Result) -> Quantities:
    found = result.monitor_summary
    if found is None:
        return []
    return [
        pair
        for each in found.figures
        for pair in (
            as_stated(f"{each.name} by the monitor's own summary", each.monitor, each.unit),
            as_stated(f"{each.name} of the recorded samples", each.recorded, each.unit),
        )
    ]


def component(each: Component) -> Quantities:
    """Return one row of an uncertainty budget."""
    return [
        as_stated("estimate", each.value, each.unit),
        as_stated("limit of the error", each.limit, each.unit),
        quantity("divisor", each.divisor, ONE),
        as_stated("standard uncertainty", each.u, each.unit),
        as_stated("energy for an error of one unit", each.sensitivity, f"J/{each.unit}" if each.unit else "J"),
        quantity("degrees of freedom", each.dof, ONE),
        quantity("contribution", each.value_j, JOULE, ref="energyRunner_contribution"),
        quantity("contribution, as a share of the value", each.relative, ONE),
    ]


def times(start_s: float | None, stop_s: float | None, duration_s: float | None) -> Quantities:
    """Return the times of a window."""
    return [
        quantity("start, from the start of the acquisition", start_s, SECOND),
        quantity("stop, from the start of the acquisition", stop_s, SECOND),
        quantity("duration", duration_s, SECOND),
    ]
