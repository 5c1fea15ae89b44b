# SPDX-License-Identifier: Apache-2.0
"""Phrases of an audit: the direction of each ratio is told."""

import pytest

from energy_runner.published.sentences import off_by


@pytest.mark.parametrize(
    ("published", "true", "words"),
    [
        (6.465, 4.32, "49.7 % too high"),
        (4.32, 6.465, "33.2 % too low"),
        (5.0, 5.0, "right"),
        (1024.1, 10.267, "too high by a factor of 99.7"),
        (10.267, 1024.1, "too low by a factor of 99.7"),
        (-1.0, 1.0, "200 % too low"),
        (0.0, 1.0, "100 % too low"),
    ],
)
def test_off_by(published: float, true: float, words: str) -> None:
    assert off_by(published, true) == words
