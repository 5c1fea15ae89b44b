# SPDX-License-Identifier: Apache-2.0
"""What a form of a certificate states, place by place, and where two of them say something else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from energy_runner.wording import shown


@dataclass(frozen=True)
class Difference:
    """A place of a form that does not say what it has to say."""

    place: str
    """The place, by its path in the form."""
    stated: str | None
    """What the form states there; None where it has no such place."""
    expected: str | None
    """What the facts of the certificate give; None where they give no such place."""

    def __str__(self) -> str:
        if self.stated is None:
            return f"{self.place}: nothing, but the facts give {shown(self.expected)!r}"
        if self.expected is None:
            return f"{self.place}: {shown(self.stated)!r}, of which the facts know nothing"
        return f"{self.place}: {shown(self.stated)!r}, but the facts give {shown(self.expected)!r}"


def differences(stated: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[Difference]:
    """Yield where a form does not say what is expected of it, in the order of the places.

    A form that says all of it in another order differs at the first place that is not where it has to be.
    """
    alike = True
    for place in [*stated, *(place for place in expected if place not in stated)]:
        says, has_to = stated.get(place), expected.get(place)
        if says != has_to:
            alike = False
            yield Difference(place, says, has_to)
    if alike:
        for here, there in zip(stated, expected, strict=True):
            if here != there:
                yield Difference(f"in the place of {there}", here, there)
                return
