# SPDX-License-Identifier: Apache-2.0
"""The record of a session as it stands when a run begins: bench, benchmark, plan, stimuli, software."""

from energy_runner.analysis.placing.alignment import BY_HOST, BY_LAPS, BY_MONITOR
from energy_runner.api.preparations import preparation_facts
from energy_runner.bench import Bench
from energy_runner.bench.calibration import zone_of
from energy_runner.director.plan import RunPlan
from energy_runner.session.record import (
    BenchmarkFacts,
    LabelFile,
    Record,
    RunFacts,
    StimulusFile,
    SweepFacts,
    environment,
)
from energy_runner.version import version


def first_record(
    bench: Bench, run_plan: RunPlan, session_id: str, started_utc: str, sweep: SweepFacts | None = None
) -> Record:
    """Return the record of a run that begins now; `sweep` is the point that it measures."""
    benchmark = run_plan.benchmark
    facts = bench.spec.model_dump(mode="json", exclude_none=True)
    if bench.twin is not None:
        facts["virtual_dut_answers_from"] = bench.twin.dut.answers_from
    else:
        facts["time_zone"] = zone_of(bench.spec)  # in which the days of its calibration are judged
    files = {planned.file: planned.stimulus for planned in run_plan.inputs}
    return Record(
        session_id=session_id,
        software=f"energy-runner {version()}",
        started_utc=started_utc,
        virtual=bench.virtual,
        bench=facts,
        benchmark=BenchmarkFacts(
            id=benchmark.id,
            task=benchmark.task,
            model_string=benchmark.model_string,
            input_bytes=benchmark.input_bytes,
            classes=benchmark.classes,
            metric=benchmark.metric,
            target=benchmark.target,
            stride_bytes=benchmark.stride_bytes,
        ),
        run=RunFacts(
            mode=run_plan.mode,
            windows=len(run_plan.inputs) if run_plan.mode != "accuracy" else 0,
            inferences=run_plan.inferences,
            warmups=run_plan.warmups,
            min_window_s=benchmark.run.min_window_s,
            min_inferences=benchmark.run.min_inferences,
            read_back=run_plan.read_back,
            seed=run_plan.seed,
            wait_temperature_c=list(run_plan.wait_temperature_c) if run_plan.wait_temperature_c else None,
            wait_temperature_s=run_plan.wait_temperature_s if run_plan.wait_temperature_c else None,
            **preparation_facts(run_plan.preparation),
        ),
        label_file=LabelFile(file=benchmark.labels_file, sha256=run_plan.labels_sha256, stimuli=run_plan.labels)
        if run_plan.labels_sha256
        else None,
        alignment=_alignment(bench) if run_plan.mode == "energy" else None,
        environment=environment(),
        sweep=sweep,
        stimuli=[
            StimulusFile(
                file=stimulus.file, label=stimulus.label, offset=0, size=stimulus.size, sha256=stimulus.sha256
            )
            for stimulus in files.values()
        ],
    )


def _alignment(bench: Bench) -> str | None:
    """Return how this bench places the timestamp pin's edges among its samples."""
    if bench.sampler is None or bench.edges is None:
        return None
    if bench.edges.timebase == "samples":
        return BY_MONITOR
    return BY_LAPS if bench.sampler.capabilities.starts_on_edge else BY_HOST
