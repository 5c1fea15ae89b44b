# SPDX-License-Identifier: Apache-2.0
"""The catalogue: which points there are, who measures them, and what became of them."""

from energy_runner.sweep.catalogue.attempts import Attempt, Outcome
from energy_runner.sweep.catalogue.lease import Beat, Lease, Running
from energy_runner.sweep.catalogue.store import Catalogue, SweepRow

__all__ = ["Attempt", "Beat", "Catalogue", "Lease", "Outcome", "Running", "SweepRow"]
