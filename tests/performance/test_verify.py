# SPDX-License-Identifier: Apache-2.0
"""Verifying a certificate with its session, against reading and hashing the trace; both in one run."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import load_bench_spec
from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.verify.checks import Checks
from energy_runner.certificate.verify.session import check_session
from energy_runner.session.folder import Session
from energy_runner.session.seal import sealed_files
from instruments.clock import RealClock
from tests.support.certificates import ISSUING
from tests.support.no_report import no_report
from tests.support.places import ROOT

LARGEST_RATIO = 1.5
BENCH = ROOT / "tests/support/monitor_benches/js220-behind-n6705.toml"
_CHUNK = 1 << 20


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Return a session of five windows of 10 s at 1 MHz."""
    spec = load_bench_spec(str(BENCH), {"sampler.sample_rate_hz": 1e6})
    with no_report():
        return api.run(spec, api.plan("demo-keywords"), out=tmp_path_factory.mktemp("mhz") / "session")


def test_the_energies_of_a_long_trace_take_little_more_than_reading_it(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    one = collect(session, session.result(), Given(ISSUING))
    pairs = [(_verified_s(one, session.path), _read_s(session.path)) for _ in range(4)]
    verified_s, read_s = (min(column) for column in zip(*pairs, strict=True))
    with capsys.disabled():
        print(f"\nverify {verified_s:.2f} s, read and hash {read_s:.2f} s, ratio {verified_s / read_s:.2f}")
    assert verified_s < LARGEST_RATIO * read_s


def _verified_s(one: object, folder: Path) -> float:
    clock, checks = RealClock(), Checks()
    before_ns = clock.now_ns()
    check_session(one, Session.open(folder), None, checks)  # type: ignore[arg-type]
    taken_s = (clock.now_ns() - before_ns) / 1e9
    assert [check.id for check in checks.done if check.state == "holds"] == [
        "session-files",
        "session-documents",
        "energies",
    ]
    return taken_s


def _read_s(folder: Path) -> float:
    """Return how long it takes to hash all files as they were sealed, and to read the samples."""
    clock, session = RealClock(), Session.open(folder)
    before_ns = clock.now_ns()
    assert session.record.seal is not None
    names = tuple(file.name for file in session.record.seal.files)
    assert sealed_files(folder, names) == session.record.seal.files
    with session.trace() as trace:
        for name, _ in trace.signals:
            for first in range(0, trace.length, _CHUNK):
                trace.read(name, first, min(trace.length, first + _CHUNK))
    return (clock.now_ns() - before_ns) / 1e9
