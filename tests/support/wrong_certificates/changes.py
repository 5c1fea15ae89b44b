# SPDX-License-Identifier: Apache-2.0
"""Lies about figures, each told consistently as far as its name says: changes of a certificate as plain data."""

import statistics
from typing import Any

from energy_runner.analysis.uncertainty.wording import stated
from energy_runner.certificate.facts import EnergyCertificate
from tests.support.wrong_certificates.lab import Change, Document, lie

OTHER_DIGEST = "fedcba9876543210" * 4


def score(one: Document) -> Any:
    """Return the score."""
    return one["result"]["energy_per_inference_j"]


def put(path: str, value: object) -> Change:
    """Return a change that puts a value at a place: `result.windows.0.energy_j`."""

    def change(one: Document) -> None:
        *way, last = path.split(".")
        held: Any = one
        for key in way:
            held = held[int(key)] if isinstance(held, list) else held[key]
        held[int(last) if isinstance(held, list) else last] = value

    return change


def all_of(*changes: Change) -> Change:
    """Return one change after the other."""

    def change(one: Document) -> None:
        for each in changes:
            each(one)

    return change


def in_words(one: Document) -> None:
    """State score and windows again, as their figures are."""
    held = score(one)
    held["stated"] = _stated(held["median"], held, held["incomplete"])
    for window in one["result"]["windows"]:
        budget = window["uncertainty"]
        budget["stated"] = _stated(window["energy_per_inference_j"], budget, [])


def _stated(value_j: float, one: Any, doubts: list[str]) -> Any:
    return stated(value_j, one["u"], one["U"], one["k"], doubts).model_dump(mode="json")


def expanded_halved(one: Document) -> None:
    """Halve U of the score, and say so in words."""
    score(one)["U"] /= 2
    in_words(one)


def uncertainty_halved(one: Document) -> None:
    """Halve u and U of the score, and leave the budget."""
    score(one)["u"] /= 2
    expanded_halved(one)


def budget_halved(one: Document) -> None:
    """Halve the whole uncertainty: each component by its limit, u, U and words."""
    budgets = [one["result"]["uncertainty"], *(window["uncertainty"] for window in one["result"]["windows"])]
    for each in (component for budget in budgets for component in budget["components"]):
        for name in ("relative", "value_j", "u", "limit"):
            if each[name] is not None:
                each[name] /= 2
    for each in (score(one), *budgets[1:]):
        each["u"] /= 2
        each["U"] /= 2
    in_words(one)


def energy_scaled(factor: float) -> Change:
    """Return a change that multiplies every energy, and whatever follows from it."""

    def change(one: Document) -> None:
        result = one["result"]
        for window in result["windows"]:
            for name in ("energy_j", "energy_per_inference_j", "mean_power_w"):
                window[name] *= factor
            _scale(window["uncertainty"], factor)
        held = score(one)
        held["median"] = statistics.median(each["energy_per_inference_j"] for each in result["windows"])
        _scale(held, factor)
        _components(result["uncertainty"]["components"], factor)
        for name in ("value", "u", "U"):
            result["energy_delay_product"][name] *= factor
        in_words(one)

    return change


def _scale(one: Any, factor: float) -> None:
    one["u"] *= factor
    one["U"] *= factor
    _components(one.get("components", []), factor)


def _components(components: list[Any], factor: float) -> None:
    for each in components:
        each["value_j"] *= factor
        if each["sensitivity"] is not None:
            each["sensitivity"] *= factor


def window_dropped(one: Document) -> None:
    """Leave out the window with the most energy, and count again."""
    windows = one["result"]["windows"]
    worst = max(range(len(windows)), key=lambda number: windows[number]["energy_per_inference_j"])
    del windows[worst]
    for number, window in enumerate(windows):
        window["index"] = number
    one["workload"]["inferences"] = [window["inferences"] for window in windows]
    del one["workload"]["stimuli"][worst]
    for window in windows:
        window["stimulus"] -= window["stimulus"] > worst
    scale = statistics.median(each["energy_per_inference_j"] for each in windows) / score(one)["median"]
    score(one)["median"] *= scale
    for each in one["result"]["uncertainty"]["components"]:
        each["relative"] /= scale
    in_words(one)


def windows_reordered(one: Document) -> None:
    """Exchange two windows, and number them again."""
    windows = one["result"]["windows"]
    windows[1], windows[2] = windows[2], windows[1]
    for number, window in enumerate(windows):
        window["index"] = number


def hardware_everywhere(one: Document) -> None:
    """Say of every part of a simulated bench that it is hardware."""
    not_simulated(one)
    one["firmware"]["answers_from"] = ""
    for instrument in one["equipment"]["instruments"]:
        instrument["virtual"] = False


def not_simulated(one: Document) -> None:
    """Say of the certificate, the session and the result that nothing was simulated."""
    one["virtual"] = one["session"]["virtual"] = one["result"]["virtual"] = False


def sampler(one: Document) -> Any:
    """Return the instrument that sampled."""
    return next(each for each in one["equipment"]["instruments"] if "sampler" in each["roles"])


def curves_flattened(one: Document) -> None:
    """Make the curve of the run flat."""
    run = one["curves"]["run"]
    for name in ("mean_w", "low_w", "high_w"):
        run[name] = [statistics.fmean(run["mean_w"])] * len(run[name])


def less() -> EnergyCertificate:
    """Return the certificate of the virtual bench with a tenth less energy, told consistently."""
    return lie(all_of(energy_scaled(0.9), in_words), derive=True)


def voltage_turned(one: Document) -> None:
    """Say that the rule about the voltage has found something else."""
    verdict = next(each for each in one["result"]["verdicts"] if each["id"] == "voltage")
    verdict.update(measured="2.999 V", value=2.999)


def judged_with(mode: str) -> Change:
    """Return a change that names a session in another mode which is said to have taken part."""
    return put(f"result.judged_by.{mode}_session", {"session_id": "elsewhere", "facts_sha256": OTHER_DIGEST})


def judged_by_other_rules(one: Document) -> None:
    """Say that the rule set had another digest."""
    one["workload"]["rule_set_sha256"] = one["result"]["judged_by"]["rule_set_sha256"] = OTHER_DIGEST
