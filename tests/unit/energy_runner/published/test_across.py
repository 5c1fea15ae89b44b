# SPDX-License-Identifier: Apache-2.0
"""What several rows show together: copies, another firmware, another speed."""

import pytest

from energy_runner.published.across import Traits, compared
from energy_runner.published.row import AuditRow


def row(mode: str = "energy", **fields: object) -> AuditRow:
    base: dict[str, object] = {
        "session": mode,
        "round": "v1.0",
        "submitter": "A",
        "system": "b",
        "benchmark": "kws01",
    }
    return AuditRow.model_validate({**base, "mode": mode, "state": "holds", **fields})


def ids(rows: list[AuditRow]) -> list[list[str]]:
    return [[one.id for one in row.findings] for row in rows]


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"round": "v1.1"}, "same-session-again"),
        ({"round": "v1.1", "system": "c"}, "identical-session"),
        ({"round": "v1.1", "submitter": "B"}, "identical-session"),
        ({}, "identical-session"),
    ],
)
def test_a_copy_is_doubtful_unless_it_was_submitted_again(other: dict[str, str], kind: str) -> None:
    rows = [row(), row(**other), row()]  # type: ignore[arg-type]
    told = compared(rows, [Traits(fingerprint="x"), Traits(fingerprint="x"), Traits(fingerprint="")])
    assert ids(told) == [[kind], [kind], []]
    assert [one.good for one in told] == [kind == "same-session-again"] * 2 + [True]
    assert "bit for bit" in told[0].findings[0].text


@pytest.mark.parametrize(
    ("rate", "kind"),
    [
        (10.19, None),
        (10.21, "modes-vary"),
        (10.99, "modes-vary"),
        (11.01, "modes-contradict"),
        (7.21, "modes-contradict"),
    ],
)
def test_the_speed_in_energy_mode_is_that_of_performance_mode(rate: float, kind: str | None) -> None:
    rows = [row(throughput_per_s=rate), row("performance", published=10.0)]
    traits = [Traits(group="g", same_in_both_modes=0.02)] * 2
    told = compared(rows, traits)
    assert ids(told) == [[] if kind is None else [kind], []]
    assert told[0].good is (kind != "modes-contradict")
    if kind is not None:
        assert ("faster" if rate > 10 else "slower") in told[0].findings[0].text
    assert ids(compared(rows, [Traits(group="g", same_in_both_modes=0.02), Traits(group="h")])) == [[], []]


def test_a_published_speed_beside_stands_in_and_a_corrected_one_counts() -> None:
    (alone,) = compared([row(throughput_per_s=20.0)], [Traits(group="g", published_beside=10.0)])
    assert alone.findings[0].id == "modes-contradict"
    fast = row("performance", published=15.0, corrected=10.0)
    told = compared([row(throughput_per_s=10.0), fast], [Traits(group="g", same_in_both_modes=0.02)] * 2)
    assert ids(told) == [[], []]


def test_a_forged_speed_does_not_accuse_the_energy_session_beside_it() -> None:
    forged = row("performance", published=15.0, reproduced=10.0, state="does-not-reproduce")
    traits = [Traits(group="g", same_in_both_modes=0.02)] * 2
    assert ids(compared([row(throughput_per_s=10.0), forged], traits)) == [[], []]
    (told, _) = compared([row(throughput_per_s=12.0), forged], traits)
    assert "20 % faster" in told.findings[0].text
    assert "by its log" in told.findings[0].text


def test_an_accuracy_counts_for_the_firmware_that_was_timed() -> None:
    rows = [row("accuracy"), row("performance"), row("energy")]
    old, new = ("EEMBC", "old", "kws01"), ("EEMBC", "new", "kws01")
    for firmware, told in (
        ((old, old, old), [[], [], []]),
        ((old, new, new), [["other-firmware"], [], []]),
        ((old, old, new), [[], [], []]),  # which of the two is another one is not for this audit to say
        ((old, (), ()), [[], [], []]),
        ((old, ("MLCommons", "new"), ()), [[], [], []]),
    ):
        traits = [Traits(group="g", firmware=one) for one in firmware]
        assert ids(compared(rows, traits)) == told
