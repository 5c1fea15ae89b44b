# SPDX-License-Identifier: Apache-2.0
"""The plots as image files."""

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.errors import SessionError
from energy_runner.report.figures.write import write_plots
from energy_runner.session.trace import TraceWriter
from tests.support.report_sessions import accuracy_session, energy_session

PNG = b"\x89PNG\r\n\x1a\n"


def test_trace_and_windows_become_images_with_the_same_bytes_every_time(tmp_path):
    session = energy_session(tmp_path, lost=7, change={"virtual": True})
    result = analyze(session)
    result = result.model_copy(update={"windows": result.windows[1:3]})
    written = write_plots(session, result)
    assert [file.name for file in written] == ["trace.png", "window-2.png", "window-3.png"]
    assert all(file.parent == session.path / "plots" for file in written)
    first = [file.read_bytes() for file in written]
    assert all(image.startswith(PNG) and len(image) > 10_000 for image in first)
    assert [file.read_bytes() for file in write_plots(session, result)] == first


def test_a_session_without_a_trace_has_no_plots(tmp_path):
    session = accuracy_session(tmp_path)
    assert write_plots(session, analyze(session)) == []
    assert not (session.path / "plots").exists()


def test_an_empty_trace_is_refused_with_a_reason(tmp_path):
    session = energy_session(tmp_path)
    result = analyze(session)
    (session.path / "trace.jls").unlink()
    TraceWriter(session.path / "trace.jls", [("energy", "J")], 1e-3).close()
    with pytest.raises(SessionError, match="no samples"):
        write_plots(session, result)
