# SPDX-License-Identifier: Apache-2.0
"""The sections about the result: headline, bands, plots."""

from energy_runner.notebook import VIRTUAL
from energy_runner.report import headline
from energy_runner.report.markup import Html, explained, join, section, tag
from energy_runner.report.story import Story
from energy_runner.report.units import DASH, MIDDLE_DOT, number, with_unit


def top(story: Story) -> Html:
    """Return the headline, and the bands on supply, validity and simulation."""
    result, benchmark = story.result, story.record.benchmark
    title = f"{benchmark.id} {MIDDLE_DOT} {benchmark.task} {MIDDLE_DOT} {result.mode}"
    score = headline.score(result)
    if score is None:
        line = tag("p", "No score", class_="score none")
        words = tag("p", headline.no_score(result, story.record))
    else:
        value = tag("span", score[0], class_="value")
        kind = "score" if result.valid else "score doubtful"
        line = tag("p", value, " ", tag("span", score[1], class_="of"), class_=kind)
        words = tag("p", headline.score_explained(result), class_="quiet")
    return join(
        (
            tag("header", tag("h1", title), line, words, class_="headline"),
            _supply_band(story),
            _valid_band(story),
            _virtual_band(story),
        )
    )


def _valid_band(story: Story) -> Html:
    result = story.result
    if result.valid:
        text = f" {DASH} {headline.why_valid(result)}."
        return tag("div", tag("strong", "VALID"), text, class_="band good", role="status")
    failed = headline.failures(result)
    reasons = tag("ul", *(tag("li", tag("strong", v.id), f": {headline.found(v)}") for v in failed))
    text = f" {DASH} {headline.why_not_valid(result)}."
    if headline.score(result):
        text += " The figure above is shown for diagnosis; it is not a result."
    parts = (tag("strong", "NOT VALID"), text, reasons if failed else "")
    return tag("div", *parts, class_="band bad", role="status")


def _supply_band(story: Story) -> Html:
    if headline.fed_outside(story.record):
        return tag("div", headline.FED_OUTSIDE, ".", class_="band virtual", role="note")
    if story.record.supply_off_confirmed is not False:
        return Html("")
    return tag("div", tag("strong", headline.SUPPLY_ON), class_="band bad", role="alert")


def _virtual_band(story: Story) -> Html:
    if not (story.result.virtual or story.record.virtual):
        return Html("")
    return tag("div", tag("span", tag("strong", VIRTUAL)), class_="band virtual", role="note")


def plots(story: Story) -> Html:
    """Return the places where the page's script draws, with descriptions for screen readers."""
    picture = story.picture
    if picture is None:
        wanted = story.result.mode == "energy" and story.no_picture
        return section("trace", "Power over time", tag("p", story.no_picture)) if wanted else Html("")
    length_s = picture.samples * picture.period_s
    described = (
        f"Power in milliwatt over {number(length_s, 4)} seconds, {picture.samples} samples, "
        f"with {len(story.result.windows)} windows. The tables below hold the figures."
    )
    figure = tag(
        "figure",
        tag("div", _waiting(), id="plot-overview", class_="plot", role="img", aria_label=described),
        tag("figcaption", _legend(story)),
    )
    zoom_in = "Drag in the plot to zoom in; double-click to see the whole run again."
    depth = (
        "Zooming goes down to single samples."
        if picture.complete
        else f"Zooming goes down to {picture.fine.width} samples per point; every extreme is kept."
    )
    words = tag("p", f"{zoom_in} {depth}", class_="quiet on-screen")
    return join((section("trace", "Power over time", words, _zoom(story), figure), _detail(story)))


def _waiting() -> Html:
    return tag("p", "A script inside this file draws the plot; this viewer has not run it.", class_="quiet")


def _zoom(story: Story) -> Html:
    picture = story.picture
    if picture is None:
        return Html("")
    end_s = picture.samples * picture.period_s
    places = [("Whole run", 0.0, end_s)]
    for window in story.result.windows:
        if window.start_s is not None and window.stop_s is not None:
            margin_s = 0.03 * (window.stop_s - window.start_s)
            places.append((f"Window {window.index + 1}", window.start_s - margin_s, window.stop_s + margin_s))
    buttons = [
        tag("button", name, type="button", data_from=f"{start:.9g}", data_to=f"{stop:.9g}")
        for name, start, stop in places
    ]
    return tag("div", *buttons, class_="zoom", role="group", aria_label="Zoom to", hidden="")


def _legend(story: Story) -> Html:
    edges = explained("edges", "The device pulls its timestamp pin low; energy is counted between these moments.")
    keys: list[tuple[str, object]] = [
        ("line", "mean"),
        ("band-key", "lowest to highest sample"),
        ("window", join(("timed window between two ", edges))),
    ]
    if story.picture is not None and story.picture.fine.gaps():
        keys.append(("loss", "samples lost"))
    if story.facts.over_range:
        keys.append(("range", "over range"))
    marks = [tag("span", tag("span", class_=f"key {kind}"), words, class_="entry") for kind, words in keys]
    derived = story.picture.derivation if story.picture is not None else ""
    words = f"Time counts from the first sample of the power monitor. Power is {derived}."
    return join((tag("div", *marks), words))


def _detail(story: Story) -> Html:
    detail = story.detail
    if detail is None or story.picture is None:
        return Html("")
    samples = detail.inference_s / story.picture.period_s
    each = f"An inference takes {with_unit(detail.inference_s * 1e3, 'ms', 4)}, or {number(samples, 3)} samples."
    grain = "Every sample is drawn." if detail.power.width == 1 else f"{detail.power.width} samples per point."
    coarse = " At this sample rate the layers of the network cannot be distinguished." if samples < 8 else ""
    words = f"The first {detail.inferences} inferences of window {detail.index + 1}. {each} {grain}{coarse}"
    dotted = (
        "Time counts from the window's first edge. Dotted: where each inference ends if all take equally long "
        "(the device marks only the window)."
    )
    figure = tag(
        "figure",
        tag("div", _waiting(), id="plot-detail", class_="plot", role="img", aria_label=words),
        tag("figcaption", dotted),
    )
    return section("detail", "Inside an inference", tag("p", words, class_="quiet"), figure)
