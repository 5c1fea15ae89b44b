# SPDX-License-Identifier: Apache-2.0
"""Lies about figures, texts of figures and verdicts: they contradict other facts of the same certificate."""

from tests.support.wrong_certificates import changes as told
from tests.support.wrong_certificates.changes import all_of, put
from tests.support.wrong_certificates.lab import Change
from tests.support.wrong_certificates.lying import SCORE, of


def _first_window(name: str, factor: float) -> Change:
    def change(one: dict) -> None:  # type: ignore[type-arg]
        one["result"]["windows"][0][name] *= factor

    return change


def _verdict(id: str, **update: object) -> Change:
    def change(one: dict) -> None:  # type: ignore[type-arg]
        verdict = next(each for each in one["result"]["verdicts"] if each["id"] == id)
        verdict.update(update)

    return change


CASES = (
    of("expanded-halved", "U is halved, in words as well", told.expanded_halved, f"{SCORE}.U"),
    of("uncertainty-halved", "u and U are halved, the budget is not", told.uncertainty_halved, f"{SCORE}.u"),
    of("coverage-factor-wrong", "k is 2 in place of what U and u give", put(f"{SCORE}.k", 2.0), f"{SCORE}.U"),
    of(
        "uncertainty-negative",
        "u and U are negative",
        all_of(put(f"{SCORE}.u", -1e-5), put(f"{SCORE}.U", -1.834e-5)),
        f"{SCORE}.u",
        alone=True,
    ),
    of(
        "median-of-none",
        "the score is not the median of its windows",
        lambda one: told.score(one).update(median=told.score(one)["median"] * 0.97),
        f"{SCORE}.median",
    ),
    of(
        "stated-other-value",
        "the score in words is another one",
        put(f"{SCORE}.stated.value", "1340"),
        f"{SCORE}.stated.value",
    ),
    of(
        "stated-other-unit",
        "the score in words has another unit",
        put(f"{SCORE}.stated.unit", "nJ"),
        f"{SCORE}.stated.unit",
    ),
    of(
        "stated-other-sentence",
        "the sentence about the score says another figure",
        put(f"{SCORE}.stated.text", "(1340 ± 34) µJ per inference, k = 1.83, coverage probability 95 %"),
        f"{SCORE}.stated.text",
    ),
    of(
        "window-sentence",
        "the sentence about a window says another figure",
        put(
            "result.windows.0.uncertainty.stated.text",
            "(1340 ± 34) µJ per inference, k = 1.83, coverage probability 95 %",
        ),
        "result.windows[0].uncertainty.stated.text",
    ),
    of(
        "completeness-claimed",
        "an incomplete uncertainty is called complete",
        all_of(put(f"{SCORE}.incomplete", ["the offset of the current"]), put(f"{SCORE}.complete", True)),
        f"{SCORE}.complete",
    ),
    of(
        "energy-not-n-times",
        "a window's energy is not the number of inferences times that of one",
        _first_window("energy_j", 0.98),
        "result.windows[0].energy_per_inference_j",
    ),
    of(
        "inferences-other",
        "a window held more inferences than the workload says",
        put("result.windows.0.inferences", 238),
        "workload.inferences",
    ),
    of(
        "power-not-energy-over-time",
        "a window's mean power is not its energy over its duration",
        _first_window("mean_power_w", 0.98),
        "result.windows[0].mean_power_w",
    ),
    of(
        "throughput-not-inferences-over-time",
        "a window's throughput is not its inferences over its duration",
        _first_window("throughput_per_s", 1.02),
        "result.windows[0].throughput_per_s",
    ),
    of(
        "duration-not-between-edges",
        "a window's duration is not that between its edges",
        all_of(_first_window("stop_s", 1.02)),
        "result.windows[0].duration_s",
    ),
    of(
        "window-ends-before-it-starts",
        "a window ends before it starts",
        put("result.windows.0.stop_s", 1.0),
        "result.windows[0].stop_s",
    ),
    of(
        "windows-renumbered",
        "a window has the number of another",
        put("result.windows.1.index", 3),
        "result.windows[1].index",
    ),
    of(
        "windows-reordered",
        "two windows were exchanged and numbered again",
        told.windows_reordered,
        "result.windows[2].start_s",
    ),
    of(
        "window-of-another-stimulus",
        "a window names a file that is not its stimulus",
        put("result.windows.0.file", "other.bin"),
        "result.windows[0].file",
    ),
    of(
        "component-halved",
        "a component of the budget is halved",
        put("result.uncertainty.components.0.value_j", 8e-6),
        "result.uncertainty.components[0]",
    ),
    of(
        "component-dropped",
        "the largest component of the budget is left out",
        lambda one: one["result"]["uncertainty"]["components"].pop(0),
        f"{SCORE}.u",
    ),
    of(
        "component-of-window-halved",
        "a component of a window's budget is halved",
        put("result.windows.2.uncertainty.components.0.value_j", 8e-6),
        "result.windows[2].uncertainty.components[0]",
    ),
    of(
        "budgets-dropped",
        "the score has an uncertainty, and no budget",
        put("result.uncertainty", None),
        "result.uncertainty",
        alone=True,
    ),
    of(
        "verdict-turned",
        "a rule was kept beyond its limit",
        _verdict("window-length", value=7.5, u=0.0),
        "result.verdicts[",
    ),
    of(
        "verdict-turned-without-u",
        "a rule was kept beyond its limit, whose value has no uncertainty",
        _verdict("window-inferences", value=4.0),
        "result.verdicts[",
    ),
    of(
        "verdict-without-facts",
        "a rule was kept without facts",
        _verdict("voltage", known=False),
        "result.verdicts[",
    ),
    of(
        "verdict-says-otherwise",
        "a verdict says that its rule was not kept, and that it was",
        _verdict("voltage", text="Voltage measured over voltage set: failed; found 2.5 V."),
        "result.verdicts[",
    ),
    of(
        "valid-in-spite",
        "it is called valid, and a binding rule failed",
        _verdict(
            "supply-off", passed=False, text="The supply is known to be off after the run: failed; found on."
        ),
        "result.valid",
    ),
)
