# SPDX-License-Identifier: Apache-2.0
"""The record of an imported trace: what its file holds and what the user told, and nothing else."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.errors import in_words
from energy_runner.session.record import BenchmarkFacts, Origin, OriginFile, Record, RunFacts, StimulusFile
from energy_runner.traces.model import Head, TraceFileError
from energy_runner.version import version

NOT_TOLD = "not told"
_LEAST_S, _LEAST = 10.0, 10  # of a window, as the benchmarks of the suite have it


def make_record(
    path: Path,
    session_id: str,
    head: Head,
    benchmark: Benchmark | None,
    *,
    instrument: str,
    windows: int,
    inferences: int | None,
    notes: Sequence[str],
    findings: Sequence[str],
) -> Record:
    """Return the record of the session made of the trace file `path`, whose SHA-256 is taken."""
    run = benchmark.run if benchmark is not None else None
    return Record(
        session_id=session_id,
        software=f"energy-runner {version()}",
        started_utc="not recorded" if head.started_utc_ns is None else _utc_text(head.started_utc_ns),
        virtual=head.virtual,
        bench={"name": "imported", "monitor": {"model": instrument}},
        benchmark=_facts(benchmark),
        run=RunFacts(
            mode="energy",
            windows=windows,
            inferences=inferences,
            warmups=0,
            min_window_s=run.min_window_s if run is not None else _LEAST_S,
            min_inferences=run.min_inferences if run is not None else _LEAST,
            read_back=False,
            seed=0,
        ),
        # Which file was loaded is not told; a stimulus without a name says so.
        stimuli=[StimulusFile(file="", label=-1, size=0, sha256="unknown: not told")] if windows else [],
        outcome="completed",
        supply_off_confirmed=None,
        notes=list(notes),
        origin=Origin(
            runner=head.title,
            version="",
            session=path.name,
            stamp="",
            instrument=instrument,
            files=[_file(path)],
            findings=list(findings),
            remarks=list(notes),
            format=head.format,
            began_told=head.began_told,
        ),
    )


def _facts(benchmark: Benchmark | None) -> BenchmarkFacts:
    if benchmark is None:
        return BenchmarkFacts(
            id=NOT_TOLD,
            task=NOT_TOLD,
            model_string="",
            input_bytes=0,
            classes=0,
            metric="top1",
            target=0.0,
        )
    return BenchmarkFacts(
        id=benchmark.id,
        task=benchmark.task,
        model_string=benchmark.model_string,
        input_bytes=benchmark.input_bytes,
        classes=benchmark.classes,
        metric=benchmark.metric,
        target=benchmark.target,
        stride_bytes=benchmark.stride_bytes,
    )


def _file(path: Path) -> OriginFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return OriginFile(name=path.name, size=file.tell(), sha256=digest)
    except OSError as error:
        raise TraceFileError(f"{path}: cannot be read ({in_words(error)})") from None


def _utc_text(utc_ns: int) -> str:
    """Return a moment as ISO 8601 text, to the second."""
    return f"{np.datetime64(utc_ns // 10**9, 's')}+00:00"
