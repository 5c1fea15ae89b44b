# SPDX-License-Identifier: Apache-2.0
"""`dcc:measurementResult`: the score, each window, what accompanies them, and the uncertainty budget."""

from collections.abc import Iterable

from energy_runner.certificate.dcc.accompanying import (
    PROBABILITY,
    Quantities,
    beside,
    component,
    layers,
    quality,
    times,
)
from energy_runner.certificate.dcc.methods import conditions, equipment, methods, used_software
from energy_runner.certificate.dcc.nodes import Node, fact, name, node, rich
from energy_runner.certificate.dcc.quantities import (
    JOULE,
    ONE,
    PER_SECOND,
    UNITS,
    WATT,
    Expanded,
    in_words,
    measured,
    quantity,
)
from energy_runner.certificate.dcc.statements import SIMULATED, verdicts
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.session.budget import Score, Uncertainty
from energy_runner.session.result import RailResult, WindowResult

# What a quantity is, for programs; `basic_measuredValue` is the word of the good practice of DCCs.
SCORE, WINDOW, RAIL = (f"basic_measuredValue energyRunner_{what}" for what in ("score", "window", "rail"))
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
            node("dcc:results", *_results(one)),
            verdicts(one),
        ),
    )


def _results(one: EnergyCertificate) -> Iterable[Node | None]:
    result = one.result
    score: Quantities = [_score(result.energy_per_inference_j, SCORE)]
    yield _result(one, "Energy of one inference, median of the windows", score, "score")
    for number, each in enumerate(result.windows, 1):
        yield _window(one, each, f"window-{number}")
    for number, rail in enumerate(result.rails, 1):
        yield from _rail(one, rail, f"rail-{number}")
    yield _result(one, "What accompanies the score", beside(result), "beside")
    yield _result(one, "Layers of the network", layers(result), "layers")
    yield _accuracy(one)
    yield _result(one, "Quality of the facts", quality(result), "quality")
    yield _result(one, "What was noticed", _remarks(one), "remarks")
    yield from _budget(one, result.uncertainty, "budget", "Uncertainty budget")


def _marked(one: EnergyCertificate, text: str) -> str:
    return f"{SIMULATED}. {text}" if one.virtual else text


def _result(
    one: EnergyCertificate, what: str, quantities: Quantities, id_: str, notes: tuple[str, ...] = ()
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


def _score(score: Score | None, ref: str) -> Node:
    if score is None:
        return in_words("energy of one inference", "There is no score.", ref=ref)
    notes = (
        score.stated.text if score.stated is not None else "",
        fact("standard uncertainty, J", score.u),
        fact("effective degrees of freedom", score.dof),
        fact("coverage factor of the t distribution for these, for comparison", score.k_t),
        fact("the uncertainty counts every cause that is known", score.complete),
        *(fact("missing from the uncertainty", each) for each in score.incomplete),
    )
    uncertainty = Expanded(score.U, score.k, score.probability)
    return measured("energy of one inference", score.median, JOULE, uncertainty, ref=ref, notes=notes)


def _window(one: EnergyCertificate, each: WindowResult, id_: str, rail: str = "") -> Node | None:
    lost = "" if each.samples_missing_known else "the likeliest number; the exact one cannot be known"
    quantities = [
        _energy(one, each),
        quantity("energy between the edges", each.energy_j, JOULE),
        quantity("inferences", each.inferences, ONE),
        *times(each.start_s, each.stop_s, each.duration_s),
        quantity("mean power", each.mean_power_w, WATT),
        quantity("inferences per second", each.throughput_per_s, PER_SECOND),
        quantity("samples expected", each.samples_expected, ONE),
        quantity("samples received", each.samples_received, ONE),
        quantity("samples missing", each.samples_missing, ONE, notes=(lost,)),
        quantity("samples beyond the range", each.samples_over_range, ONE),
    ]
    what = f"Window {each.index + 1}, {each.file}" + (f", rail {rail}" if rail else "")
    return _result(one, what, quantities, id_)


def _energy(one: EnergyCertificate, each: WindowResult) -> Node | None:
    own = each.uncertainty
    if own is None:
        return quantity("energy of one inference", each.energy_per_inference_j, JOULE, ref=WINDOW)
    notes = (
        own.stated.text,
        fact("standard uncertainty, J", own.u),
        fact("effective degrees of freedom", own.dof),
        fact("coverage factor of the t distribution for these, for comparison", own.k_t),
        fact("the uncertainty counts every cause that is known", own.complete),
    )
    uncertainty = Expanded(own.U, own.k, _probability(one))
    return quantity(
        "energy of one inference", each.energy_per_inference_j, JOULE, uncertainty, ref=WINDOW, notes=notes
    )


def _probability(one: EnergyCertificate) -> float:
    score = one.result.energy_per_inference_j
    return score.probability if score is not None else PROBABILITY


def _rail(one: EnergyCertificate, rail: RailResult, id_: str) -> Iterable[Node | None]:
    own = [
        _score(rail.energy_per_inference_j, RAIL),
        quantity("share of the sum of all rails", rail.share, ONE),
        quantity("voltage that was set", rail.voltage_v, UNITS["V"]),
    ]
    yield _result(one, f"Rail {rail.name}", own, id_)
    for number, each in enumerate(rail.windows, 1):
        yield _window(one, each, f"{id_}-window-{number}", rail.name)
    yield from _budget(one, rail.uncertainty, f"{id_}-budget", f"Uncertainty budget of rail {rail.name}")


def _accuracy(one: EnergyCertificate) -> Node | None:
    found = one.workload.accuracy
    if found is None:
        return None
    unit = _PERCENT[found.metric]
    notes = (
        fact("session", found.session_id),
        "SIMULATED: the session is that of a twin" if found.virtual else "",
        fact("SHA-256 of its sealed facts", found.facts_sha256),
        fact("metric", found.metric),
        fact("target met", found.met),
        fact("same firmware", found.same_firmware),
        fact("file of its firmware", found.firmware_from),
        f"stimuli: {found.standing.status}; {found.standing.detail}" if found.standing else "",
        fact("label file", found.standing.label_file) if found.standing else "",
    )
    quantities = [
        quantity("value of the metric", found.value, unit, ref="energyRunner_accuracy"),
        quantity("target of the benchmark", found.target, unit),
        quantity("stimuli that were answered", found.stimuli, ONE),
    ]
    return _result(one, "Accuracy of the same item", quantities, "accuracy", notes)


def _remarks(one: EnergyCertificate) -> Quantities:
    return [
        in_words(
            each.id if each.window is None else f"{each.id}, window {each.window + 1}",
            each.detail,
            ref="energyRunner_finding",
        )
        for each in one.result.findings
    ]


def _budget(one: EnergyCertificate, budget: Uncertainty | None, id_: str, what: str) -> Iterable[Node | None]:
    for number, each in enumerate(budget.components if budget is not None else [], 1):
        notes = (
            fact("from", each.source),
            fact("type of evaluation", each.kind),
            fact("distribution", each.distribution),
            fact("the same error in all windows", each.correlated),
        )
        yield _result(one, f"{what}: {each.name}", component(each), f"{id_}-{number}", notes)
