# SPDX-License-Identifier: Apache-2.0
"""`dcc:measurementResult`: the score, each window, what accompanies them, and the uncertainty budget."""

from energy_runner.certificate.dcc.methods import conditions, equipment, methods, used_software
from energy_runner.certificate.dcc.nodes import Node, fact, name, node, rich
from energy_runner.certificate.dcc.quantities import (
    JOULE,
    ONE,
    PER_SECOND,
    SECOND,
    UNITS,
    WATT,
    Expanded,
    as_stated,
    in_words,
    measured,
    quantity,
)
from energy_runner.certificate.dcc.statements import SIMULATED, verdicts
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.session.budget import Component, Derived, Score
from energy_runner.session.result import RailResult, WindowResult

PROBABILITY = 0.95  # of every expanded uncertainty for which the result does not state another
SCORE, WINDOW, RAIL = "energyRunner_score", "energyRunner_window", "energyRunner_rail"
_PERCENT = {"top1": r"\percent", "auc": ONE}


def measurement_results(one: EnergyCertificate) -> Node:
    """Return the measurement; its name says what the document is, and SIMULATED for a virtual one."""
    return node(
        "dcc:measurementResults",
        node(
            "dcc:measurementResult",
            name(_marked(one, f"{one.title}: energy score of {one.workload.benchmark}")),
            rich("dcc:description", [fact("outcome of the run", one.result.outcome), one.result.headline()]),
            methods(one),
            used_software(one),
            equipment(one),
            conditions(one),
            node("dcc:results", *results(one)),
            verdicts(one),
        ),
    )


def results(one: EnergyCertificate) -> list[Node]:
    """Return all results, the score first."""
    result = one.result
    found = [
        _result(
            one, "Energy of one inference, median of the windows", [_score(result.energy_per_inference_j)], "score"
        ),
        *(_window(one, each, f"window-{number}") for number, each in enumerate(result.windows, 1)),
        *(each for number, rail in enumerate(result.rails, 1) for each in _rail(one, rail, number)),
        _result(one, "What accompanies the score", _beside(one), "beside"),
        _accuracy(one),
        _result(one, "What was noticed", _remarks(one), "remarks"),
        *_budget(one),
    ]
    return [each for each in found if each is not None]


def _marked(one: EnergyCertificate, text: str) -> str:
    return f"{SIMULATED}. {text}" if one.virtual else text


def _result(
    one: EnergyCertificate, what: str, quantities: list[Node | None], id_: str, notes: tuple[str, ...] = ()
) -> Node | None:
    known = [each for each in quantities if each is not None]
    if not known:
        return None
    return node(
        "dcc:result",
        name(_marked(one, what)),
        rich("dcc:description", notes),
        node("dcc:data", *known),
        id_=id_,
    )


def _score(score: Score | None, ref: str = f"basic_measuredValue {SCORE}") -> Node:
    if score is None:
        return in_words("energy of one inference", "There is no score.", ref=ref)
    notes = (
        score.stated.text if score.stated is not None else "",
        fact("standard uncertainty, J", score.u),
        fact("effective degrees of freedom", score.dof),
        fact("the uncertainty counts every cause", score.complete),
        *(fact("missing from the uncertainty", each) for each in score.incomplete),
    )
    uncertainty = Expanded(score.U, score.k, score.probability)
    return measured("energy of one inference", score.median, JOULE, uncertainty, ref=ref, notes=notes)


def _window(one: EnergyCertificate, each: WindowResult, id_: str, rail: str = "") -> Node | None:
    own = each.uncertainty
    notes: tuple[str, ...] = ()
    if own is not None:
        notes = (own.stated.text, fact("the uncertainty counts every cause", own.complete))
    uncertainty = Expanded(own.U, own.k, _probability(one)) if own is not None else None
    lost = "" if each.samples_missing_known else "likeliest number"
    quantities = [
        quantity(
            "energy of one inference",
            each.energy_per_inference_j,
            JOULE,
            uncertainty,
            ref=f"basic_measuredValue {WINDOW}",
            notes=notes,
        ),
        quantity("energy between the edges", each.energy_j, JOULE),
        quantity("inferences", each.inferences, ONE),
        quantity("start, from the start of the acquisition", each.start_s, SECOND),
        quantity("stop, from the start of the acquisition", each.stop_s, SECOND),
        quantity("duration", each.duration_s, SECOND),
        quantity("mean power", each.mean_power_w, WATT),
        quantity("inferences per second", each.throughput_per_s, PER_SECOND),
        quantity("samples expected", each.samples_expected, ONE),
        quantity("samples received", each.samples_received, ONE),
        quantity("samples missing", each.samples_missing, ONE, notes=(lost,)),
        quantity("samples beyond the range", each.samples_over_range, ONE),
    ]
    what = f"Window {each.index + 1}, {each.file}" + (f", rail {rail}" if rail else "")
    return _result(one, what, quantities, id_)


def _probability(one: EnergyCertificate) -> float:
    score = one.result.energy_per_inference_j
    return score.probability if score is not None else PROBABILITY


def _rail(one: EnergyCertificate, rail: RailResult, number: int) -> list[Node | None]:
    own = [
        _score(rail.energy_per_inference_j, ref=f"basic_measuredValue {RAIL}"),
        quantity("share of the sum of all rails", rail.share, ONE),
        quantity("voltage that was set", rail.voltage_v, UNITS["V"]),
    ]
    windows = [
        _window(one, each, f"rail-{number}-window-{place}", rail.name)
        for place, each in enumerate(rail.windows, 1)
    ]
    return [_result(one, f"Rail {rail.name}", own, f"rail-{number}"), *windows]


def _beside(one: EnergyCertificate) -> list[Node | None]:
    result = one.result
    net, levels = result.net_energy_per_inference_j, result.levels
    named = (
        [
            ("while nothing happens", levels.idle),
            ("while the DUT sends", levels.transmit),
            ("while a stimulus is loaded", levels.receive),
        ]
        if levels is not None
        else []
    )
    return [
        _derived("inferences per second, median of the windows", result.throughput),
        _derived("energy of one inference times its duration", result.energy_delay_product),
        quantity(
            "energy of one inference above idle",
            net.value_j if net else None,
            JOULE,
            Expanded(net.U_j, net.k, PROBABILITY) if net else None,
        ),
        *(
            quantity(
                f"mean power {when}", level.power_w, WATT, notes=(fact("standard uncertainty, W", level.u_w),)
            )
            for when, level in named
            if level is not None
        ),
    ]


def _derived(what: str, figure: Derived | None) -> Node | None:
    if figure is None:
        return None
    if figure.unit not in UNITS:
        return in_words(what, f"{figure.value!r} ± {figure.U!r} {figure.unit}, k = {figure.k!r}")
    notes = tuple(fact("missing from the uncertainty", each) for each in figure.incomplete)
    uncertainty = Expanded(figure.U, figure.k, PROBABILITY)
    return quantity(what, figure.value, UNITS[figure.unit], uncertainty, notes=notes)


def _accuracy(one: EnergyCertificate) -> Node | None:
    found = one.workload.accuracy
    if found is None:
        return None
    unit = _PERCENT[found.metric]
    notes = (
        fact("session", found.session_id),
        fact("SHA-256 of its sealed facts", found.facts_sha256),
        fact("metric", found.metric),
        fact("target met", found.met),
        fact("same firmware", found.same_firmware),
        f"stimuli: {found.standing.status}; {found.standing.detail}" if found.standing else "",
    )
    quantities = [
        quantity("value of the metric", found.value, unit, ref="energyRunner_accuracy"),
        quantity("target of the benchmark", found.target, unit),
        quantity("stimuli that were answered", found.stimuli, ONE),
    ]
    return _result(one, "Accuracy of the same item", quantities, "accuracy", notes)


def _remarks(one: EnergyCertificate) -> list[Node | None]:
    return [in_words(each.id, each.detail, ref="energyRunner_finding") for each in one.result.findings]


def _budget(one: EnergyCertificate) -> list[Node | None]:
    budget = one.result.uncertainty
    if budget is None:
        return []
    return [
        _result(
            one,
            f"Uncertainty budget: {each.name}",
            _component(each),
            f"budget-{number}",
            (
                fact("from", each.source),
                fact("type of evaluation", each.kind),
                fact("distribution", each.distribution),
                fact("the same error in all windows", each.correlated),
            ),
        )
        for number, each in enumerate(budget.components, 1)
    ]


def _component(each: Component) -> list[Node | None]:
    return [
        as_stated("estimate", each.value, each.unit),
        as_stated("limit of the error", each.limit, each.unit),
        quantity("divisor", each.divisor, ONE),
        as_stated("standard uncertainty", each.u, each.unit),
        as_stated("energy for an error of one unit", each.sensitivity, f"J/{each.unit}" if each.unit else "J"),
        quantity("degrees of freedom", each.dof, ONE),
        quantity("contribution", each.value_j, JOULE, ref="energyRunner_contribution"),
        quantity("contribution, as a share of the score", each.relative, ONE),
    ]
