"""The public Python API."""

from energy_runner.api.runs import (
    Bench,
    Result,
    RunPlan,
    Session,
    analyze,
    exit_status,
    load_bench,
    load_session,
    plan,
    run,
    window_arrays,
)

__all__ = [
    "Bench",
    "Result",
    "RunPlan",
    "Session",
    "analyze",
    "exit_status",
    "load_bench",
    "load_session",
    "plan",
    "run",
    "window_arrays",
]
