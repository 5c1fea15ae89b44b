# SPDX-License-Identifier: Apache-2.0
"""The profile as a form: it has every key, and filling it in changes nothing else."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.certificate.facts import Missing
from energy_runner.certificate.profile.form import OTHERS_OF_INSTRUMENT, empty_profile, questions_for, with_answers
from energy_runner.certificate.profile.load import profile_from_text
from energy_runner.certificate.profile.questions import OF_INSTRUMENT, QUESTIONS
from energy_runner.certificate.profile.spec import InstrumentSpec, LabProfile
from energy_runner.errors import ConfigurationError
from tests.support.certificates import PROFILE
from tests.support.places import ROOT

ANSWERS = {
    "laboratory.name": 'The "Lab"',
    "item.serial": "A#1",
    "item.clock_hz": "120e6",
    "conditions.temperature_c": "[22, 23.5]",
    "setup.sense": "4-wire",
    "instruments.monitor.due": "2027-01-31",
}
STATED = {
    "laboratory.name": 'The "Lab"',
    "item.serial": "A#1",
    "item.clock_hz": 120e6,
    "conditions.temperature_c": [22, 23.5],
    "setup.sense": "4-wire",
    "instruments.monitor.due": "2027-01-31",
}


def flat(text: str) -> dict[str, object]:
    found: dict[str, object] = {}

    def walk(table: dict[str, object], path: str) -> None:
        for key, value in table.items():
            if isinstance(value, dict):
                walk(value, f"{path}{key}.")
            else:
                found[path + key] = value

    walk(tomllib.loads(text), "")
    return found


def test_the_empty_profile_states_nothing_and_has_every_key() -> None:
    text = empty_profile()
    assert profile_from_text(text, "form") == LabProfile()
    filled = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    spec = profile_from_text(filled, "form")
    for name, field in LabProfile.model_fields.items():
        table = getattr(spec, name)
        if name == "instruments":
            assert set(table["NAME"].model_fields_set) == set(InstrumentSpec.model_fields)
            continue
        assert field.annotation is not None
        assert set(table.model_fields_set) == set(type(table).model_fields), name


def test_the_example_of_the_how_to_is_a_profile_and_states_what_is_asked() -> None:
    page = (ROOT / "docs" / "how-to" / "issue-a-certificate.md").read_text("utf-8")
    [text] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    profile_from_text(text, "how-to")
    files = {"firmware.image", "firmware.network"}  # explained below it
    assert {one.key for one in QUESTIONS} - flat(text).keys() == files


def test_each_line_of_the_form_is_another_one() -> None:
    lines = [line for line in empty_profile().splitlines() if " = " in line]
    assert len(set(lines)) == len(lines)
    assert len(OF_INSTRUMENT) + len(OTHERS_OF_INSTRUMENT) == len(InstrumentSpec.model_fields)


def test_answers_go_to_the_lines_of_the_empty_form() -> None:
    empty = empty_profile()
    filled = with_answers(empty, ANSWERS, "lab.toml")
    assert flat(filled) == STATED
    before, after = empty.splitlines(), filled.splitlines()
    changed = [line for line in before if line not in after]
    assert len(changed) == len(ANSWERS) - 1  # that of the instrument is new
    assert 'sense = "4-wire"  # how the voltage is sensed' in after


def test_what_stands_in_a_profile_stays() -> None:
    text = '# mine\n[item]   # the board\nserial = ""  # on its back\nboard = "B"\n\n# the set-up\n[setup]\n'
    text += 'jumpers = "JP1"\n'
    filled = with_answers(text, ANSWERS, "lab.toml")
    assert flat(filled) == STATED | {"item.board": "B", "setup.jumpers": "JP1"}
    for kept in (
        "# mine\n[item]   # the board\n",
        "  # on its back\n",
        '\n# the set-up\n[setup]\njumpers = "JP1"\n',
    ):
        assert kept in filled
    assert filled.index("clock_hz") < filled.index("# the set-up"), "a new key stands with the others of its table"


@pytest.mark.parametrize(
    "text",
    [
        "",
        'item.serial = ""\nitem.board = "B"\n',
        'item = { serial = "", board = "B" }\n',
        '[instruments.a]\nserial = "1"\n[item]\nboard = "B"\n[instruments.monitor]\nserial = "2"\n',
        '[item]\nboard = """\n[setup]\nsense"""\n',
        PROFILE,
    ],
)
def test_every_way_of_writing_a_profile_can_be_filled_in(text: str) -> None:
    assert flat(with_answers(text, ANSWERS, "lab.toml")) == flat(text) | STATED


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("setup.sense", "3-wire", "must be '', '2-wire' or '4-wire'"),
        (
            "instruments.monitor.due",
            "2026-02-31",
            "instruments.monitor.due = '2026-02-31': must be a day that exists",
        ),
        ("item.clock_hz", "fast", "cannot be read. Try: 120000000"),
        ("item.clock_hz", "-1", "must be greater than 0"),
        ("item.clock_hz", '1\n[people]\noperator = "x"', "cannot be read"),
        ("conditions.temperature_c", "22", "must be a valid list"),
        (
            "laboratory.country",
            "de",
            "laboratory.country = 'de': must be two capital letters of ISO 3166-1, as DE",
        ),
        ("laboratory.country", "ZZ", "must be two capital letters"),
        ("laboratory.country", "Germany", "must be two capital letters"),
        ("item.serial", "x" * 501, "must not be longer than 500"),
    ],
)
def test_what_a_profile_cannot_hold_is_refused(key: str, answer: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        with_answers("", {key: answer}, "lab.toml")


def test_a_profile_with_a_mistake_is_not_touched() -> None:
    with pytest.raises(ConfigurationError, match="line 2"):
        with_answers('[item]\nserial = "\n', ANSWERS, "lab.toml")


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=60))
def test_any_text_is_kept_as_it_was_typed(answer: str) -> None:
    filled = with_answers(empty_profile(), {"item.serial": answer}, "lab.toml")
    assert flat(filled) == {"item.serial": answer}


def test_each_question_has_an_example_that_the_profile_holds() -> None:
    missing = [Missing(key=one.key, what=one.what) for one in QUESTIONS]
    missing += [Missing(key=f"instruments.a.b.{key}", what=what) for key, what in OF_INSTRUMENT]
    asked = questions_for(missing)
    filled = with_answers("", {one.key: one.example for one in asked}, "lab.toml")
    assert len(flat(filled)) == len(missing)
    assert tomllib.loads(filled)["instruments"]["a.b"]["due"] == "2027-01-31"
