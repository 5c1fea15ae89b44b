# SPDX-License-Identifier: Apache-2.0
"""Assemble a session of the EEMBC runner from its log, its results and its trace."""

from pathlib import Path

from energy_runner.published.contents import Contents
from energy_runner.published.eembc.answers import ReadAnswers, read_answers
from energy_runner.published.eembc.checks import Checked, check
from energy_runner.published.eembc.identity import identify
from energy_runner.published.eembc.labels import labels_of
from energy_runner.published.eembc.log import read_log
from energy_runner.published.eembc.recording import make_recording
from energy_runner.published.eembc.results import read_results
from energy_runner.published.eembc.trace import TraceFiles, read_trace
from energy_runner.published.model import EEMBC, EembcTrace, PublishedSession


def read_eembc(contents: Contents, stimuli: Path | None = None) -> PublishedSession:
    """Return the session in `contents`; what cannot be read is among its notes.

    Raises `SessionError` if nothing of a session can be read.
    """
    found = contents.found
    log = read_log(contents.log)
    results = read_results(contents, log.result_lines)
    refusals = [contents.refusals[role] for role in ("log", "results") if role in contents.refusals]
    identity = identify(found, log, results.figures, refusals)
    mode, benchmark = identity.mode, identity.benchmark
    labels, labels_from = labels_of([command.file for command in log.commands], benchmark, stimuli)
    for command, label in zip(log.commands, labels, strict=True):
        command.label = label
    trace = read_trace(contents) if mode == "energy" else TraceFiles()
    samples = trace.samples
    recording = make_recording(log, samples, trace.timestamps_s)
    read = (
        read_answers(log.commands, benchmark, contents.names.get("log", "log.txt"))
        if mode == "accuracy"
        else ReadAnswers()
    )
    notes = check(
        Checked(
            contents=contents,
            benchmark=benchmark.id,
            mode=mode,
            log=log,
            results=results,
            trace=trace if mode == "energy" else None,
            answers=read.notes,
        )
    )
    return PublishedSession(
        folder=found.folder,
        runner=EEMBC,
        mode=mode,
        benchmark=benchmark.id,
        definition=benchmark,
        version=log.version,
        stamp=log.stamp,
        profile=log.profile,
        model=log.model,
        timestamp_mode=log.timestamp_mode,
        boot_lines=log.boot_lines,
        boot_ms=log.boot_ms,
        files=contents.files,
        names=contents.names,
        commands=log.commands,
        sync_ms=log.sync_ms,
        power=log.power,
        io_laps=log.io_laps,
        recording=recording,
        ended_ms=log.ended_ms,
        figures=results.figures,
        beside=results.beside,
        score_field=identity.score_field,
        unit=identity.unit,
        notes=notes,
        labels_from=labels_from if mode == "accuracy" else "",
        trace=None if samples is None else EembcTrace(samples.samples_uj, samples.rate_hz, trace.timestamps_s),
        answers=read.answers,
    )
