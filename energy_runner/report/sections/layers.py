# SPDX-License-Identifier: Apache-2.0
"""The section about the energy of each layer, where the firmware marks the layers."""

from energy_runner.report.markup import Html, explained, section, table, tag
from energy_runner.report.story import Story
from energy_runner.report.units import fixed, number, percent, scaled, shares, value_and_expanded

# A layer whose standard uncertainty is larger than this share of its energy is shown in grey.
_DOUBTFUL = 0.2


def layers(story: Story) -> Html:
    """Return the energy of each layer beside the measured total; empty if no layers were marked."""
    found = story.result.layers
    if found is None:
        return Html("")
    total_j, whole_s = found.energy_per_inference_j, sum(row.duration_s for row in found.layers)
    largest_j = max(row.energy_j for row in found.layers)
    rows = []
    unit, of_total = shares([row.energy_j / total_j for row in found.layers])
    of_time_unit, of_time = shares([row.duration_s / whole_s for row in found.layers])
    for place, row in enumerate(found.layers):
        expanded_uj = 2e6 * row.u_j
        energy = " ± ".join(value_and_expanded(1e6 * row.energy_j, expanded_uj))
        doubtful = row.u_j > _DOUBTFUL * abs(row.energy_j)
        per_operation = 1e12 * row.energy_j / row.operations if row.operations and not doubtful else None
        rows.append(
            [
                row.name.replace("_", " "),
                tag("span", energy, class_="quiet") if doubtful else energy,
                tag("span", of_total[place], _bar(row.energy_j / largest_j), class_="bars"),
                fixed(row.duration_s * 1e3, 3),
                of_time[place],
                fixed(scaled(row.energy_j / row.duration_s, 1e3), 3) if row.duration_s and not doubtful else "",
                number(row.operations, 9),
                fixed(per_operation, 1),
            ]
        )
    columns = [
        "Layer",
        explained("Energy (µJ)", "Per inference; ± is twice the standard uncertainty."),
        f"Share ({unit})",
        "Time (ms)",
        f"Share of time ({of_time_unit})",
        "Power (mW)",
        explained("Operations", "Multiply-accumulate operations of the layer, as the firmware states them."),
        explained("Each (pJ)", "Energy per operation."),
    ]
    return section(
        "layers",
        "Energy per layer",
        tag("p", _words(story), class_="quiet"),
        table("Energy of each layer per inference", columns, rows, numeric=(1, 3, 4, 5, 6, 7)),
        tag("p", _beside(story)),
    )


def _bar(share: float) -> Html:
    width = max(0.0, min(1.0, share)) * 100
    if not width:
        return Html("")
    return tag("span", "", class_="bar", style=f"width:{width:.1f}%")


def _words(story: Story) -> str:
    count = story.result.layers.inferences if story.result.layers else 0
    return (
        "The firmware marks where each layer begins. The levels of all layers were fitted to the samples of "
        f"{count} inferences at once, so that even layers shorter than a sample are separated. The ± covers the "
        "scatter of that fit and the place of the edges; the power monitor's own errors are the same for all "
        "layers and are part of the score's uncertainty. Grey: the ± is more than two fifths of the energy."
    )


def _beside(story: Story) -> Html:
    """Return the sum of the layers beside the mean of the measured windows."""
    found = story.result.layers
    measured = [window.energy_per_inference_j for window in story.result.windows]
    known = [value for value in measured if value is not None]
    if found is None or not known:
        return Html("")
    mean_j = sum(known) / len(known)
    off = found.energy_per_inference_j / mean_j - 1
    sums = [fixed(1e6 * value, 3) for value in (found.energy_per_inference_j, mean_j)]
    return tag(
        "span",
        f"All layers together: {sums[0]} µJ. Measured between the edges, mean of {len(known)} windows: "
        f"{sums[1]} µJ. Difference: {percent(off)}, from the samples that the edges cut.",
    )
