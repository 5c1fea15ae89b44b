# SPDX-License-Identifier: Apache-2.0
"""Text that the fonts cannot show is refused, by field and character; what prints nothing appears as an escape."""

import pytest

from energy_runner.certificate.document.fonts import characters, refuse_what_cannot_be_shown
from energy_runner.certificate.document.words import breakable
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("板", "U\\+677F"),
        ("기판", "U\\+AE30"),
        ("לוח", "right to left"),
        ("لوحة", "right to left"),
        ("board \U0001f4a5", "U\\+1F4A5"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_field(text: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"item\.board.*{named}|{named}.*item\.board") as raised:
        refuse_what_cannot_be_shown({"item": {"board": text}})
    assert str(raised.value).isprintable()


def test_a_place_in_a_list_and_a_key_are_named_too() -> None:
    with pytest.raises(ConfigurationError, match=r"item\.modifications\[1\]"):
        refuse_what_cannot_be_shown({"item": {"modifications": ["SB1", "漢"]}})
    with pytest.raises(ConfigurationError, match=r"settings"):
        refuse_what_cannot_be_shown({"settings": {"漢": 1}})


@pytest.mark.parametrize(
    "text",
    [
        "Prüflabor Straße",
        "Ωμέγα",
        "Завод",
        "\u00b1\u00b5\u00b0\u00d7\u2013\u2014\u201c\u201d\u2018\u2019\u2026\u2082\u2264\u2265\u221a",
        "Łódź Þór Ğ ő",
    ],
)
def test_latin_greek_cyrillic_and_signs_are_shown(text: str) -> None:
    refuse_what_cannot_be_shown({"item": {"board": text}})


def test_the_facts_of_papers_can_be_shown(papers: dict[str, EnergyCertificate]) -> None:
    for one in papers.values():
        refuse_what_cannot_be_shown(one.document())
    assert {ord(c) for c in "aäßΩµ±\u00d7\u2212\u2013⁻⁰¹²³⁴⁵⁶⁷⁸⁹\u03bd…·"} <= characters()


def test_what_prints_nothing_appears_as_an_escape() -> None:
    assert breakable("a\u202eb \x07c\u200bd") == "a\\u202eb \\x07c\\u200bd"
    assert breakable("\ud800") == "\\ud800"
    assert breakable("two\nlines") == "two\nlines"
    assert breakable("a\rb\tc") == "a\\rb\\tc"


@pytest.mark.parametrize("word", ["x" * 500, "a/b_c-" * 90, "2026-01-02T03-04-05Z-kws01-energy"])
def test_long_words_may_break_and_lose_nothing(word: str) -> None:
    broken = breakable(word)
    assert broken.replace("\u200b", "") == word
    assert max(map(len, broken.split("\u200b"))) <= 12
    assert "" not in broken.split("\u200b")
