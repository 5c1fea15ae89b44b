# SPDX-License-Identifier: Apache-2.0
"""Reproduce the figures of a published session, from its own data by the rules of its runner."""

import numpy as np

from energy_runner.published.model import EEMBC, Figure, PublishedSession
from energy_runner.published.reproduce.eembc import reproduce_eembc
from energy_runner.published.reproduce.mlcommons import reproduce_mlcommons


def reproduce(session: PublishedSession) -> list[Figure]:
    """Return the figures that the session's data give, as its runner prints them."""
    with np.errstate(all="ignore"):  # samples may be anything
        return reproduce_eembc(session) if session.runner == EEMBC else reproduce_mlcommons(session)
