# SPDX-License-Identifier: Apache-2.0
"""Assemble a session of the MLCommons runner from its results.json, its log and its results.txt."""

from energy_runner.published.contents import Contents
from energy_runner.published.mlcommons.answers import ReadAnswers, read_answers
from energy_runner.published.mlcommons.checks import Checked, check
from energy_runner.published.mlcommons.commands import make_commands
from energy_runner.published.mlcommons.document import read_document
from energy_runner.published.mlcommons.identity import identify
from energy_runner.published.mlcommons.log import read_log
from energy_runner.published.mlcommons.passes import make_passes
from energy_runner.published.mlcommons.recording import make_recording
from energy_runner.published.mlcommons.results import read_results
from energy_runner.published.model import MLCOMMONS, PublishedSession


def read_mlcommons(contents: Contents) -> PublishedSession:
    """Return the session in `contents`; what cannot be read is among its notes.

    Raises `SessionError` if nothing of a session can be read.
    """
    found = contents.found
    document = read_document(contents)
    log = read_log(contents.log)
    results = read_results(contents, log.tail)
    refused = [contents.refusals.get("log", ""), contents.refusals.get("results", "")]
    refusals = [refusal for refusal in (document.refusal, *refused) if refusal]
    identity = identify(found, document, log, results, refusals)
    commands = make_commands(document, log, identity)
    recorded = make_recording(document, log, commands.commands) if identity.mode == "energy" else None
    accuracy = identity.mode == "accuracy"
    read = read_answers(commands.commands, identity.definition) if accuracy else ReadAnswers()
    notes = check(
        Checked(
            contents=contents,
            identity=identity,
            refusals=refusals,
            document=document,
            log=log,
            results=results,
            commands=commands,
            recorded=recorded,
            answers=read.notes,
        )
    )
    return PublishedSession(
        folder=found.folder,
        runner=MLCOMMONS,
        mode=identity.mode,
        benchmark=identity.benchmark,
        definition=identity.definition,
        stamp=log.stamp,
        dut_name=log.name,
        profile=log.profile,
        model=log.model,
        files=contents.files,
        names=contents.names,
        commands=commands.commands,
        boot_edges=recorded.boot_edges if recorded else 0,
        recording=recorded.recording if recorded else None,
        ended_ms=commands.ended_ms,
        figures=results.figures,
        beside=results.beside,
        score_field=identity.score_field,
        unit=identity.unit,
        notes=notes,
        labels_from=read.labels_from,
        # An export of a virtual bench stays virtual, however often it is imported and exported again.
        simulated=any(one.energy_runner.simulated for one in document.passes) or "virtual twin" in log.name,
        passes=make_passes(document, recorded),
        errors=document.errors,
        answers=read.answers,
    )
