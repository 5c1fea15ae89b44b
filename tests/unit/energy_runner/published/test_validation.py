# SPDX-License-Identifier: Apache-2.0
"""Why a document was refused: one short line, however long the document makes it."""

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from energy_runner.published.validation import first_error


class Closed(BaseModel):
    """A document that may hold nothing."""

    model_config = ConfigDict(extra="forbid")


def refused(adapter: TypeAdapter[object], data: object) -> str:
    with pytest.raises(ValidationError) as error:
        adapter.validate_python(data)
    return first_error(error.value)


def test_the_first_error_is_told_with_its_place() -> None:
    numbers: TypeAdapter[object] = TypeAdapter(dict[str, list[int]])
    assert refused(numbers, {"a": [1, "x"], "b": ["y"]}).startswith("a.1: Input should be a valid integer")
    assert refused(numbers, 5) == "Input should be a valid dictionary"


@pytest.mark.parametrize("spare", [1, 0])
def test_a_line_of_120_characters_is_whole(spare: int) -> None:
    words = ": Extra inputs are not permitted"
    key = "k" * (120 - spare - len(words))
    assert refused(TypeAdapter(Closed), {key: 1}) == key + words


def test_a_longer_line_ends_with_dots() -> None:
    words = ": Extra inputs are not permitted"
    key = "k" * (121 - len(words))
    assert refused(TypeAdapter(Closed), {key: 1}) == (key + words)[:117] + "..."
    assert refused(TypeAdapter(Closed), {"k" * 10_000: 1}) == "k" * 117 + "..."
