# SPDX-License-Identifier: Apache-2.0
"""Whether the facts of a certificate agree with each other; the session is not needed for that."""

import math
import re
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from energy_runner.analysis.uncertainty.wording import stated
from energy_runner.certificate.collect.collect import id_of_document
from energy_runner.certificate.collect.statements import statements
from energy_runner.certificate.facts import CERTIFICATE, REPORT, WORDING, EnergyCertificate
from energy_runner.certificate.minimum import minimum
from energy_runner.certificate.profile.questions import missing
from energy_runner.certificate.verify.checks import Contradiction
from energy_runner.certificate.verify.possible import possible
from energy_runner.certificate.verify.together import parts
from energy_runner.session.budget import Component, Score, Stated, WindowUncertainty
from energy_runner.session.result import Result, WindowResult

_EDGES_S = 1e-6  # edges are stated with that many digits and more
_SAYS = re.compile(
    r": (passed|failed|not met \(informs only\)|not known)[;,]"
)  # the verdict in a sentence about it
_ROUNDED = 1e-8  # figures of a result have at least nine significant digits; ratios of them agree to this


def contradictions(one: EnergyCertificate, predicate: Mapping[str, Any] | None = None) -> Iterator[Contradiction]:
    """Yield what a certificate says of itself that cannot be, each with its place.

    `predicate` is what was signed, where that may have fewer fields than this version knows.
    """
    yield from _identity(one, predicate if predicate is not None else one.document())
    yield from _titles(one)
    yield from _of_session(one)
    yield from parts(one)
    yield from possible(one)
    yield from figures(one.result)


def _identity(one: EnergyCertificate, predicate: Mapping[str, Any]) -> Iterator[Contradiction]:
    wanted = id_of_document(predicate)
    if one.id != wanted:
        yield "id", f"{one.id} in place of {wanted}, the digest of the other facts"


def _titles(one: EnergyCertificate) -> Iterator[Contradiction]:
    """Yield where title, demands, missing items or texts are not what follows from the facts."""
    own = in_own_wording(one)
    demands = minimum(one)
    for told, found in zip(one.minimum, demands, strict=False):
        # Another wording is no excuse for another answer.
        if told != found if own else (told.id, told.met) != (found.id, found.met):
            said = "met" if found.met else f"not met: {found.detail}"
            yield f"minimum.{found.id}", f"by the other facts it is {said}"
    if len(one.minimum) != len(demands):
        yield "minimum", f"{len(one.minimum)} demands in place of {len(demands)}"
    title = CERTIFICATE if all(each.met for each in demands) else REPORT
    if one.title != title:
        yield "title", f"'{one.title}' in place of '{title}'"
    lacking = missing(one)
    if one.missing != lacking if own else [each.key for each in one.missing] != [each.key for each in lacking]:
        yield "missing", "it lists other items than those that are empty"
    virtual = one.session.virtual or one.result.virtual
    if one.virtual != virtual:
        yield "virtual", f"{one.virtual} in place of {virtual}, by the session and its result"
    texts = statements(one.result, one.equipment, virtual=virtual, verified=one.statements.verified)
    for name in type(texts).model_fields if own else ("traceable", "verified"):
        if getattr(texts, name) != getattr(one.statements, name):
            yield f"statements.{name}", "it is not what follows from the other facts"


def in_own_wording(one: EnergyCertificate) -> bool:
    """Return whether the fixed texts of a certificate are in the wording of this version."""
    return one.issuing.wording == WORDING


def _of_session(one: EnergyCertificate) -> Iterator[Contradiction]:
    """Yield where the result is of other facts, or judged by other rules, than the certificate names."""
    result, work = one.result, one.workload
    if one.session.result_sha256 != result.sha256:
        yield "session.result_sha256", "it is not the digest of the result"
    judged = result.judged_by
    if judged is None:
        yield "result.judged_by", "the result does not tell what it was derived from"
        return
    if judged.facts_sha256 != one.session.facts_sha256:
        yield "session.facts_sha256", "the result was derived from other facts"
    if (judged.rule_set, judged.rule_set_sha256) != (work.rule_set, work.rule_set_sha256):
        yield "workload.rule_set", "the result was judged by another rule set"
    tested, other = work.accuracy, judged.accuracy_session
    if tested is not None and (other is None or other.facts_sha256 != tested.facts_sha256):
        yield "workload.accuracy", "the result was not judged with this accuracy session"
    if result.benchmark != work.benchmark:
        yield "workload.benchmark", f"the result is of {result.benchmark}"
    if result.rule_set != judged.rule_set:
        yield "result.rule_set", "the result was judged by another one"
    if {verdict.rule_set for verdict in result.verdicts} - {"", judged.rule_set}:
        yield "result.verdicts", "some are of another rule set"
    if [window.inferences for window in result.windows] != work.inferences:
        yield "workload.inferences", "the windows of the result hold other numbers"


# --- figures ----------------------------------------------------------------------------------------------------


def figures(result: Result) -> Iterator[Contradiction]:
    """Yield where the figures of a result do not follow from each other."""
    for number, window in enumerate(result.windows):
        place = f"result.windows[{number}]"
        if window.index != number:
            yield f"{place}.index", f"{window.index} in place of {number}: windows are missing or in another order"
        yield from _window(window, place)
    yield from _order(result)
    yield from _score(result)
    yield from _verdicts(result)


def _order(result: Result) -> Iterator[Contradiction]:
    """Yield where windows overlap, or do not last from edge to edge."""
    by_laps = result.alignment is not None and result.alignment.rate_correction is not None
    corrected = by_laps or (result.sample_clock is not None and result.sample_clock.corrected)
    ended_s = -math.inf
    for number, window in enumerate(result.windows):
        start_s, stop_s, place = window.start_s, window.stop_s, f"result.windows[{number}]"
        if start_s is None or stop_s is None:
            continue
        if start_s < ended_s:
            yield f"{place}.start_s", "it begins before the one before it has ended"
        ended_s = stop_s
        lasts_s = stop_s - start_s
        if window.duration_s is not None and not corrected and abs(window.duration_s - lasts_s) > _EDGES_S:
            yield (
                f"{place}.duration_s",
                f"{window.duration_s:.9g} s in place of {lasts_s:.9g} s, between its edges",
            )


def _window(window: WindowResult, place: str) -> Iterator[Contradiction]:
    start_s, stop_s, duration_s = window.start_s, window.stop_s, window.duration_s
    if start_s is not None and stop_s is not None and duration_s is not None and start_s >= stop_s:
        yield f"{place}.stop_s", "it is not after the start"
    pairs = (
        ("energy_per_inference_j", window.energy_j, window.inferences, window.energy_per_inference_j),
        ("mean_power_w", window.energy_j, duration_s, window.mean_power_w),
        ("throughput_per_s", window.inferences, duration_s, window.throughput_per_s),
    )
    for name, numerator, denominator, quotient in pairs:
        if numerator is None or not denominator or quotient is None:
            continue
        if not _same(numerator / denominator, quotient):
            yield f"{place}.{name}", f"{quotient:.9g} in place of {numerator / denominator:.9g}"
    if window.uncertainty is not None and window.energy_per_inference_j is not None:
        yield from _uncertainty(window.uncertainty, f"{place}.uncertainty")
        yield from _components(
            window.uncertainty.components, window.energy_per_inference_j, f"{place}.uncertainty"
        )
        yield from _in_words(
            window.uncertainty.stated,
            window.energy_per_inference_j,
            window.uncertainty,
            f"{place}.uncertainty.stated",
        )


def _score(result: Result) -> Iterator[Contradiction]:
    score = result.energy_per_inference_j
    each_j = [one.energy_per_inference_j for one in result.windows if one.energy_per_inference_j is not None]
    if score is None:
        return
    place = "result.energy_per_inference_j"
    if not each_j:
        yield place, "no window has an energy"
        return
    if not result.rails and not _same(median(each_j), score.median):
        yield (
            f"{place}.median",
            f"{score.median:.9g} J in place of {median(each_j):.9g} J, the median of the windows",
        )
    yield from _uncertainty(score, place)
    if score.complete != (not score.incomplete):
        yield f"{place}.complete", "it contradicts the list of what is missing"
    if score.stated is not None:
        yield from _in_words(score.stated, score.median, score, f"{place}.stated")
    if result.uncertainty is None or not result.uncertainty.components:
        yield "result.uncertainty", "the score has an uncertainty, and no budget"
    else:
        components = result.uncertainty.components
        yield from _components(components, score.median, "result.uncertainty")
        total = math.sqrt(math.fsum(one.value_j**2 for one in components))
        if not _same(total, score.u):
            yield f"{place}.u", f"{score.u:.9g} J in place of {total:.9g} J, the root of the sum of squares"


def _uncertainty(one: Score | WindowUncertainty, place: str) -> Iterator[Contradiction]:
    if not (one.u >= 0 and one.k > 0):
        yield f"{place}.u", "an uncertainty is not negative, and a coverage factor is above 0"
    # k is written with three decimals or more.
    if abs(one.k * one.u - one.U) > 6e-4 * max(one.u, one.U):
        yield f"{place}.U", f"{one.U:.6g} J in place of {one.k * one.u:.6g} J, which is k times u"


def _components(components: list[Component], value_j: float, place: str) -> Iterator[Contradiction]:
    for number, one in enumerate(components):
        here = f"{place}.components[{number}]"
        if not _same(one.relative * value_j, one.value_j, 1e-6):
            yield f"{here}.relative", "it is not the contribution's share of the value"
        if one.u is None:
            continue
        if one.sensitivity is not None and not _same(abs(one.u * one.sensitivity), abs(one.value_j), 1e-6):
            yield f"{here}.value_j", "it is not u times the sensitivity"
        if one.limit is not None and one.divisor and not _same(one.limit / one.divisor, one.u, 1e-6):
            yield f"{here}.u", "it is not the limit over the divisor"


def _in_words(told: Stated, value_j: float, one: Score | WindowUncertainty, place: str) -> Iterator[Contradiction]:
    doubts = one.incomplete if isinstance(one, Score) else []
    wanted = stated(value_j, one.u, one.U, one.k, doubts)
    for name in ("value", "u", "U", "unit"):
        if getattr(told, name) != getattr(wanted, name):
            yield f"{place}.{name}", f"'{getattr(told, name)}' in place of '{getattr(wanted, name)}'"
    if told.text != wanted.text and not (isinstance(one, WindowUncertainty) and not one.complete):
        yield f"{place}.text", "it says something else than the figures"


def _verdicts(result: Result) -> Iterator[Contradiction]:
    valid = result.with_verdicts(result.verdicts).valid
    if valid != result.valid:
        yield "result.valid", f"{result.valid} in place of {valid}, by its verdicts and findings"
    for number, one in enumerate(result.verdicts):
        if one.passed and not one.known:
            yield f"result.verdicts[{number}]", f"{one.id} has passed without facts"
        said = _SAYS.search(one.text)
        if one.text and (said is None or (said[1] == "passed") != one.passed):
            yield f"result.verdicts[{number}].text", f"it says something else than {one.id} has found"
        if one.value is None or not one.passed:
            continue
        wide = 2 * (one.u or 0.0)
        low = one.low is not None and one.value + wide < one.low - _ROUNDED * abs(one.low)
        high = one.high is not None and one.value - wide > one.high + _ROUNDED * abs(one.high)
        if low or high:
            yield f"result.verdicts[{number}].value", f"{one.id} has passed beyond its limits"


def _same(one: float, other: float, tolerance: float = _ROUNDED) -> bool:
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=1e-300)
