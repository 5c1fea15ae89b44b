# SPDX-License-Identifier: Apache-2.0
"""The plan of a sweep: its file, its points, and their order."""

from energy_runner.sweep.plan.file import SweepPlan, load_plan, plan_from_text
from energy_runner.sweep.plan.points import Point, points_of
from energy_runner.sweep.plan.settings import Settings, settings_of

__all__ = ["Point", "Settings", "SweepPlan", "load_plan", "plan_from_text", "points_of", "settings_of"]
