# SPDX-License-Identifier: Apache-2.0
"""The data of the two plots, packed for the page's script: numbers only, apart from the names of input files."""

import base64
from typing import Any

import numpy as np

from energy_runner.report.charts.decimate import Envelope, FloatArray
from energy_runner.report.story import Story

MOST_EDGES = 2000


def plot_data(story: Story) -> dict[str, Any] | None:
    """Return what `report.js` draws, or None if there is nothing to draw.

    Times are seconds from the start of the monitor's acquisition, power is in mW. Arrays are little-endian
    float32 in base64, a missing sample is NaN.
    """
    picture = story.picture
    if picture is None:
        return None
    windows = [
        {"number": w.index + 1, "file": w.file, "start": w.start_s, "stop": w.stop_s}
        for w in story.result.windows
        if w.start_s is not None and w.stop_s is not None
    ]
    edges = [event.position * picture.period_s for event in story.facts.edges[:MOST_EDGES]]
    over_range = [[event.at, event.at + max(1, event.count)] for event in story.facts.over_range[:MOST_EDGES]]
    return {
        "period": picture.period_s,
        "samples": picture.samples,
        "overview": _packed(picture.overview),
        "fine": _packed(picture.fine),
        "gaps": [list(gap) for gap in picture.fine.gaps()[:MOST_EDGES]],
        "overRange": over_range,
        "windows": windows,
        "edges": edges,
        "detail": _detail(story),
    }


def _detail(story: Story) -> dict[str, Any] | None:
    detail = story.detail
    if detail is None:
        return None
    return {
        "window": detail.index + 1,
        "start": detail.start_s,
        "inference": detail.inference_s,
        "inferences": detail.inferences,
        "power": _packed(detail.power),
    }


def _packed(envelope: Envelope) -> dict[str, Any]:
    """Return an envelope packed; the mean alone where each bucket is a single sample."""
    packed = {"first": envelope.first, "width": envelope.width, "mean": _base64(envelope.mean)}
    if envelope.width > 1:
        packed |= {"low": _base64(envelope.low), "high": _base64(envelope.high)}
    return packed


def _base64(values: FloatArray) -> str:
    with np.errstate(over="ignore"):
        return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")
