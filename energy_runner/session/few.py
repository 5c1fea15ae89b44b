# SPDX-License-Identifier: Apache-2.0
"""Keep what is listed for a reader short, however much of it a journal holds: repeated texts are counted.

Memory is bounded by what is listed, so a million remarks may pass through.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from energy_runner.session.result import Finding

MOST_ALIKE = 50  # of one kind that are listed
LONGEST = 1000  # characters of one text
REST = "and {} more: see the journal"


@dataclass(frozen=True)
class Few:
    """The first texts, each with how often it came, and how many others there were."""

    listed: Sequence[tuple[str, int]]
    more: int

    def lines(self) -> Iterator[str]:
        """Yield a line for each, and one for the rest."""
        yield from (text if count == 1 else f"{text} ({count:,} times)" for text, count in self.listed)
        if self.more:
            yield REST.format(f"{self.more:,}")


def few(texts: Iterable[str], most: int = MOST_ALIKE) -> Few:
    """Return the first `most` different texts, cut to a length that can be read, and count everything else."""
    counts: dict[str, int] = {}
    more = 0
    for text in map(shortened, texts):
        if text in counts or len(counts) < most:
            counts[text] = counts.get(text, 0) + 1
        else:
            more += 1
    return Few(tuple(counts.items()), more)


def shortened(text: str) -> str:
    """Return a text of at most 1000 characters."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


@dataclass
class _Kind:
    """The findings of one id: as they came while they are few, then the different ones with their number."""

    first: list[tuple[int, Finding]] = field(default_factory=list)
    distinct: dict[Finding, list[int]] = field(default_factory=dict)  # its place, and how often it came
    total: int = 0
    more: int = 0

    def add(self, place: int, finding: Finding) -> None:
        self.total += 1
        if len(self.first) <= MOST_ALIKE:
            self.first.append((place, finding))
        if finding in self.distinct:
            self.distinct[finding][1] += 1
        elif len(self.distinct) < MOST_ALIKE:
            self.distinct[finding] = [place, 1]
        else:
            self.more += 1

    def placed(self) -> Iterator[tuple[int, Finding]]:
        # One more is no shorter if it is only counted; and what was cut before stays as it is.
        if self.total <= MOST_ALIKE + 1:
            yield from self.first
            return
        last = 0
        for finding, (place, count) in self.distinct.items():
            times = f" ({count:,} times)" if count > 1 else ""
            yield place, finding.model_copy(update={"detail": finding.detail + times})
            last = place
        if self.more:
            yield (
                last,
                next(iter(self.distinct)).model_copy(
                    update={"detail": REST.format(f"{self.more:,}"), "window": None}
                ),
            )


def few_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in their order: of each id the first 50 that differ, with the others counted."""
    kinds: dict[str, _Kind] = {}
    for place, finding in enumerate(findings):
        detail = shortened(finding.detail)
        short = finding if detail == finding.detail else finding.model_copy(update={"detail": detail})
        kinds.setdefault(finding.id, _Kind()).add(place, short)
    placed = [one for kind in kinds.values() for one in kind.placed()]
    return [finding for _, finding in sorted(placed, key=lambda one: one[0])]
