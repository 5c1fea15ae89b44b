# SPDX-License-Identifier: Apache-2.0
"""The public Python API. The command line is built on it: each command is one call of these functions.

    import energy_runner as er

    session = er.run("virtual-lpm01a", er.plan("demo-keywords"))
    print(session.result().energy_per_inference_j)

Names resolve on first use, so that a command loads no more than it needs. Type checkers read `__init__.pyi`.
"""

from importlib import import_module
from typing import Any

_ROOMS = {
    "analysis": (
        "Battery",
        "PhaseResult",
        "Quantity",
        "Segmentation",
        "SessionUse",
        "analyze",
        "battery",
        "phases",
        "segment",
        "use",
    ),
    "baselines": ("Baseline", "Compared", "compare_with_baseline", "load_baseline", "write_baseline"),
    "bench_trust": ("BenchTrust", "BenchWatch", "chart_bench", "trust_bench", "trust_in_bench", "watch_bench"),
    "benches": ("Bench", "BenchRow", "BenchSpec", "bench_text", "list_benches", "load_bench", "save_bench"),
    "certificate_catalogue": ("CertificateRow", "find_certificate", "list_certificates", "revoke_certificate"),
    "certificates": ("EnergyCertificate", "Issued", "certificate_facts", "certify"),
    "calibrations": ("Calibrated", "Certificate", "Reference", "calibrate_bench"),
    "comparisons": ("Difference", "SessionComparison", "compare_sessions"),
    "hands_on": ("Examination", "examine_bench", "serve", "switch_bench_off"),
    "instruments": ("FoundInstruments", "find_instruments", "instrument_facts", "list_drivers"),
    "keys": (
        "KeyRing",
        "PublicKey",
        "RingKey",
        "SigningKey",
        "add_key",
        "key_needs_passphrase",
        "key_ring_file",
        "list_keys",
        "load_key",
        "new_key",
        "revoke_key",
        "show_key",
    ),
    "known_loads": ("KnownLoad", "Verification", "verify_bench"),
    "plans": ("Benchmark", "RunPlan", "list_benchmarks", "plan"),
    "power_tests": ("BenchProbe", "PowerCase", "power_test"),
    "profiles": ("check_profile_answer", "fill_in_profile", "write_profile_form"),
    "published": ("Imported", "audit", "import_session"),
    "recovery": ("RecoveryStep", "recover_bench"),
    "recordings": (
        "Figure",
        "Judged",
        "Recorded",
        "RecordingBench",
        "Stretch",
        "analyze_recording",
        "recorder",
    ),
    "regions": ("Histogram", "Region", "measure_region"),
    "reports": ("write_report",),
    "rules": ("RuleDemand", "RuleSet", "Verdict", "broken_rules", "check", "list_rule_sets", "rule_set_demands"),
    "runs": ("Run", "demo", "follow", "measure", "run", "start"),
    "seal": ("differences",),
    "session_list": ("SessionRow", "list_sessions"),
    "sessions": ("Result", "Session", "exit_status", "load_session", "window_arrays"),
    "stimuli": ("Fetched", "StimuliFound", "fetch_stimuli", "look_for_stimuli"),
    "sweep_computers": ("check_scheduler", "offer_bench"),
    "sweep_nights": (
        "Night",
        "list_sweeps",
        "rebuild_catalogue",
        "resume_sweep",
        "run_sweep",
        "stop_sweep",
        "sweep_status",
    ),
    "sweep_plans": ("PlanExamination", "examine_plan"),
    "sweeps": ("begin_sweep", "named_benches", "serve_sweep", "sweep_rows", "write_junit"),
    "sweep_reading": (
        "PointRow",
        "RowComponent",
        "compare_sweeps",
        "explain_sweep",
        "plot_sweep",
        "save_sweep_table",
        "select_points",
        "sweep_table",
    ),
    "tables": ("Table", "table"),
    "trace_export": ("ExportedTrace", "export_trace"),
    "trace_import": ("import_trace",),
    "thinning": ("ThinnedRow", "thin_sessions"),
    "verification": ("Check", "VerifiedCertificate", "verify_certificate"),
    "viewing": ("LiveView", "live_view", "view"),
    "submission": ("Export", "export_mlperf", "write_system_form"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = sorted(_ROOM_OF)  # noqa: PLE0605 - computed; tools read `__init__.pyi`


def __getattr__(name: str) -> Any:
    """Return a name of the API from its module."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'energy_runner.api' has no attribute '{name}'")
    return getattr(import_module(f"energy_runner.api.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names, for completion."""
    return __all__
