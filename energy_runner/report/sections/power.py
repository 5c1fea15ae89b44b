# SPDX-License-Identifier: Apache-2.0
"""The sections of the power over time: pictures for paper, and the places where the page's script draws."""

from energy_runner.report.figures.inline import stills
from energy_runner.report.markup import Html, explained, join, section, tag
from energy_runner.report.story import Story
from energy_runner.report.units import number, with_unit


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
    run, detail = stills(story)
    figure = tag(
        "figure",
        run,
        tag("div", id="plot-overview", class_="plot", role="group", aria_label=described),
        tag("figcaption", _legend(story)),
    )
    zoom_in = "Drag in the plot to zoom in; double-click to see the whole run again."
    depth = (
        "Zooming goes down to single samples."
        if picture.complete
        else f"Zooming goes down to {picture.fine.width} samples per point; every extreme is kept."
    )
    words = tag("p", f"{zoom_in} {depth}", class_="quiet live-only")
    return join((section("trace", "Power over time", words, _zoom(story), figure), _detail(story, detail)))


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


def _detail(story: Story, still: Html) -> Html:
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
        still,
        tag("div", id="plot-detail", class_="plot", role="group", aria_label=words),
        tag("figcaption", dotted),
    )
    return section("detail", "Inside an inference", tag("p", words, class_="quiet"), figure)
