# SPDX-License-Identifier: Apache-2.0
"""The timed windows, each with what the result says of it."""

import numpy as np

from energy_runner.report.units import THIN, fixed, microjoules, number, prefixed, value_and_expanded
from energy_runner.session.result import WindowResult
from energy_runner.viewer.layers.items import Family, Said, codes, spans
from energy_runner.viewer.layers.seen import Seen, Window
from energy_runner.viewer.plain_text import own


def windows(seen: Seen) -> Family:
    """Return a span for each window that has a place."""
    found = seen.windows
    starts = np.array([np.nan if one.start_s is None else one.start_s for one in found])
    stops = np.array([np.nan if one.stop_s is None else one.stop_s for one in found])
    said = [Said(label(one), sentence(one), _class(seen, one)) for one in found]
    nowhere = [one.index + 1 for one in found if one.start_s is None or one.stop_s is None]
    why = "" if found else _why_none(seen)
    if nowhere:
        few = ", ".join(map(str, nowhere[:10])) + (" and others" if len(nowhere) > 10 else "")
        why = f"window {few} has no place in the trace: its edges are in doubt"
    return spans(
        starts, stops, said.__getitem__, "windows", classes=codes([one.class_ for one in said]), why_not=why
    )


def _why_none(seen: Seen) -> str:
    mode = seen.session.record.run.mode
    return "an accuracy run times no windows" if mode == "accuracy" else "no window has ended"


def label(window: Window) -> str:
    """Return what stands in the band of a window: its energy per inference, or what else is known."""
    known = window.result
    if known is not None and known.energy_per_inference_j is not None:
        return each(known)
    if known is not None and known.throughput_per_s is not None:
        return f"{number(known.throughput_per_s, 5)} per second"
    return f"window {window.index + 1}"


def each(known: WindowResult) -> str:
    """Return the energy of one inference with its expanded uncertainty, as far as both are known."""
    if known.energy_per_inference_j is None:
        return ""
    if known.uncertainty is None:
        return microjoules(known.energy_per_inference_j, 5)
    value, expanded = value_and_expanded(known.energy_per_inference_j * 1e6, known.uncertainty.U * 1e6)
    return f"{value} ± {expanded}{THIN}µJ"


def sentence(window: Window) -> str:
    """Return what is known of a window, for a tooltip."""
    known = window.result
    parts = [f"window {window.index + 1}:"]
    if known is not None and known.energy_j is not None and known.energy_per_inference_j is not None:
        parts.append(f"{prefixed(known.energy_j, 'J', 4)}, {_each_in_words(known)},")
    elif known is not None and known.duration_s is not None and known.start_s is not None:
        parts.append("energy withheld, the findings say why,")
    elif known is None:
        parts.append("not analysed,")
    if known is not None and known.throughput_per_s is not None:
        parts.append(f"{number(known.throughput_per_s, 6)} inferences per second,")
    parts.append(f"{window.inferences} inferences")
    if known is not None and known.duration_s is not None:
        parts.append(f"in {fixed(known.duration_s, 4)} s")
    if known is not None and known.samples_missing:
        parts.append(f", {known.samples_missing} of {known.samples_expected} samples lost")
    if known is not None and known.samples_over_range:
        parts.append(f", {known.samples_over_range} over range")
    if window.file:
        parts.append(f", stimulus {window.file}")
    if window.rail is not None:
        parts.append(f"; of the rail {window.rail} alone")
        if window.together is not None and window.together.energy_per_inference_j is not None:
            parts.append(f", all rails together {_each_in_words(window.together)}")
    return own(" ".join(parts).replace(" ,", ",").replace(" ;", ";"))


def _each_in_words(known: WindowResult) -> str:
    assert known.energy_per_inference_j is not None  # noqa: S101
    if known.uncertainty is None:
        return f"{microjoules(known.energy_per_inference_j, 5)} per inference, its uncertainty is not stated"
    value, expanded = value_and_expanded(known.energy_per_inference_j * 1e6, known.uncertainty.U * 1e6)
    lacks = "" if known.uncertainty.complete else " (incomplete)"
    return f"{value}{THIN}µJ per inference ± {expanded}{THIN}µJ{lacks}"


def _class(seen: Seen, window: Window) -> str:
    known = window.result
    if known is None:
        return ""
    if seen.session.record.run.mode == "energy" and known.energy_per_inference_j is None:
        return "bad"
    return "warn" if known.samples_missing or known.samples_over_range else ""
