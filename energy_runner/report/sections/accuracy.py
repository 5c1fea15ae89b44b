# SPDX-License-Identifier: Apache-2.0
"""The section about an accuracy run: value and target, then classes and confusion matrix, or the ROC curve."""

import math
from collections import defaultdict

from energy_runner.analysis.accuracy import top_class
from energy_runner.analysis.read_back import classified
from energy_runner.benchmarks.catalogue import list_benchmarks
from energy_runner.report.charts.spread import roc_chart
from energy_runner.report.headline import METRIC_MEANS, METRICS, accuracy_value
from energy_runner.report.markup import Html, explained, pairs, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import percent

LARGEST_MATRIX = 40
READ_BACK_MEANS = "How many inputs were read back from the device and found to be what was sent."


def accuracy(story: Story) -> Html:
    """Return the value of the benchmark's metric, and the answers behind it."""
    found = story.result.accuracy
    if found is None:
        return Html("")
    value = None if found.value is None else accuracy_value(found.metric, found.value)
    items = [
        (explained(METRICS[found.metric], METRIC_MEANS[found.metric]), value or "withheld; a finding says why"),
        ("Target", f"at least {accuracy_value(found.metric, found.target)}"),
        ("Inputs classified", f"{found.stimuli} of {found.stimuli_expected}"),
        (explained("Inputs read back", READ_BACK_MEANS), classified(story.facts).words),
    ]
    detail = _by_class(story) if found.metric == "top1" else _roc(story)
    return section("accuracy", "Accuracy", pairs("Accuracy", items), detail)


def class_names(story: Story) -> list[str]:
    """Return the names of the classes; their numbers if this version does not know the benchmark."""
    benchmark = story.record.benchmark
    for known in list_benchmarks():
        if known.id == benchmark.id and known.classes == benchmark.classes:
            return list(known.class_names)
    return [str(number) for number in range(benchmark.classes)]


def confusion(story: Story) -> dict[tuple[int, int | None], int]:
    """Return how often inputs of each true class were given each class; None is an answer without a class."""
    counts: dict[tuple[int, int | None], int] = defaultdict(int)
    stimuli, classes = story.record.stimuli, story.record.benchmark.classes
    for inference in story.facts.inferences:
        if inference.purpose == "accuracy" and 0 <= inference.stimulus < len(stimuli):
            named = top_class(inference.results) if len(inference.results) == classes else None
            counts[stimuli[inference.stimulus].label, named] += 1
    return dict(counts)


def _by_class(story: Story) -> Html:
    names, counts = class_names(story), confusion(story)
    if not counts or len(names) > LARGEST_MATRIX:
        return Html("")
    nameless = any(named is None for _, named in counts)
    answers: list[int | None] = [*range(len(names)), *([None] if nameless else [])]
    rows, cells = [], []
    for label, name in enumerate(names):
        total = sum(count for (true, _), count in counts.items() if true == label)
        right = counts.get((label, label), 0)
        rows.append([name, total, right, percent(right / total) if total else ""])
        cells.append([name, *(_cell(counts.get((label, named), 0), total, named == label) for named in answers)])
    classes = table("Each class", ["Class", "Inputs", "Right", "Share right"], rows, numeric=(1, 2, 3))
    columns = ["True class", *names, *(["no class"] if nameless else [])]
    label_text = "Confusion matrix: rows are the true classes, columns the device's answers"
    matrix = tag(
        "div", table(label_text, columns, cells, numeric=range(1, len(columns)), cards=False), class_="matrix"
    )
    return Html(classes + matrix)


def _cell(count: int, total: int, right: bool) -> object:
    if not count:
        return ""
    share = round(100 * count / total)
    colour = "--plot-line" if right else "--plot-loss"
    tint = f"background:color-mix(in srgb, var({colour}) {10 + share // 2}%, transparent)"
    return tag("span", count, style=tint, class_="cell")


def roc_points(scores: list[float], anomalous: list[bool]) -> list[tuple[float, float]]:
    """Return (false, true) positive rates while the threshold falls; equal scores make one step."""
    positives = sum(anomalous)
    negatives = len(anomalous) - positives
    if not positives or not negatives:
        return []
    points, true, false = [(0.0, 0.0)], 0, 0
    ordered = sorted(zip(scores, anomalous, strict=True), key=lambda pair: -pair[0])
    for place, (score, is_anomaly) in enumerate(ordered):
        true, false = true + is_anomaly, false + (not is_anomaly)
        if place + 1 == len(ordered) or ordered[place + 1][0] != score:
            points.append((false / negatives, true / positives))
    return points


def _roc(story: Story) -> Html:
    errors: dict[int, list[float]] = defaultdict(list)
    for inference in story.facts.inferences:
        if inference.purpose == "accuracy" and 0 <= inference.stimulus < len(story.record.stimuli):
            errors[inference.stimulus] += inference.results
    usable = {k: math.fsum(v) / len(v) for k, v in sorted(errors.items()) if v and all(map(math.isfinite, v))}
    labels = [story.record.stimuli[number].label != 0 for number in usable]
    points = roc_points(list(usable.values()), labels)
    if not points:
        return Html("")
    words = (
        "Each file scores the mean error over its windows. The curve shows, for every possible threshold, "
        "how many anomalies are found and how many normal files are taken for anomalies."
    )
    return Html(tag("p", words, class_="quiet") + roc_chart(points))
