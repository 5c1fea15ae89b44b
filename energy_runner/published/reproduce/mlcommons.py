# SPDX-License-Identifier: Apache-2.0
"""Reproduce the figures of a session of the MLCommons runner: computed from its data, then printed."""

from energy_runner.published.model import Figure, PublishedSession
from energy_runner.published.reproduce.accuracy import mlcommons_accuracy
from energy_runner.published.reproduce.mlcommons_printed import Computed, print_figures
from energy_runner.published.reproduce.mlcommons_windows import energy_windows, runtimes
from energy_runner.published.reproduce.wake_words import count_wake_words


def reproduce_mlcommons(session: PublishedSession, *, other_order: bool = False) -> list[Figure]:
    """Return the figures; none where the data they rest on are missing.

    In the `other_order` samples are added one after the other.
    """
    computed = Computed(
        windows=energy_windows(session, other_order=other_order),
        runtimes=runtimes(session),
        accuracy=mlcommons_accuracy(session),
        words=count_wake_words(session),
        stopped=bool(session.errors),
    )
    return print_figures(computed)
