# SPDX-License-Identifier: Apache-2.0
"""Reproduce the figures of a session of the EEMBC runner: computed from its data, then printed."""

from energy_runner.published.model import Figure, PublishedSession
from energy_runner.published.reproduce.accuracy import eembc_accuracy
from energy_runner.published.reproduce.eembc_printed import Computed, print_figures
from energy_runner.published.reproduce.eembc_windows import energy_windows, runtimes


def reproduce_eembc(session: PublishedSession, *, other_order: bool = False) -> list[Figure]:
    """Return the figures; none where the data they rest on are missing.

    In the `other_order` samples are added in pairs.
    """
    computed = Computed(
        windows=energy_windows(session, other_order=other_order),
        runtimes=runtimes(session),
        accuracy=eembc_accuracy(session),
    )
    return print_figures(computed)
