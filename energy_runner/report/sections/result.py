# SPDX-License-Identifier: Apache-2.0
"""The top of the report: the headline, what was measured with what, and the bands."""

from energy_runner.notebook import VIRTUAL
from energy_runner.report import headline
from energy_runner.report.markup import Html, join, tag
from energy_runner.report.sections.identity import identity
from energy_runner.report.story import Story
from energy_runner.report.units import DASH, MIDDLE_DOT


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
    beside = f" {MIDDLE_DOT} ".join(headline.derived(result))
    derived = [tag("p", beside, class_="quiet")] if beside else []
    return join(
        (
            tag("header", tag("h1", title), line, words, *derived, class_="headline"),
            _supply_band(story),
            _valid_band(story),
            _virtual_band(story),
            identity(story),
            _stimuli_band(story),  # below what has to fit on a phone's first screen
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


def _stimuli_band(story: Story) -> Html:
    words = headline.stimuli(story.result)
    return tag("div", words, ".", class_="band virtual", role="note") if words else Html("")


def _virtual_band(story: Story) -> Html:
    if not (story.result.virtual or story.record.virtual):
        return Html("")
    return tag("div", tag("span", tag("strong", VIRTUAL)), class_="band virtual", role="note")
