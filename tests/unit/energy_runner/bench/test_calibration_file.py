# SPDX-License-Identifier: Apache-2.0
"""The record of a calibration: what is written is read again, and residuals are those of the neighbours' line."""

import math
from pathlib import Path

import pytest

from energy_runner.bench.calibration_file import (
    CalibrationFile,
    as_text,
    read_calibration,
    residuals,
    with_point,
    write_calibration,
)
from energy_runner.bench.calibration_spec import CalibrationSpec, PointSpec
from energy_runner.errors import ConfigurationError

WHO = {"make": 'A "maker"', "model": "M\u00b5-1\t", "serial": "7\\8", "firmware": ""}


def point(value: float, correction: float, expanded: float = 2e-6, **more: object) -> PointSpec:
    table = {"quantity": "current", "range": [0.0, 0.1], "unit": "A", "k": 2.0, "date": "2026-01-31"}
    return PointSpec.model_validate({**table, "value": value, "correction": correction, "U": expanded, **more})


def new(*points: PointSpec) -> CalibrationSpec:
    return CalibrationSpec(
        calibrated_on="2026-01-31",
        interval_days=365,
        laboratory="L\u00e4b",
        certificate="C-1",
        serial="7\\8",
        point=list(points),
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "cal.toml"
    assert read_calibration(path) is None
    file = CalibrationFile(new(point(0.05, 1e-6), point(0.0, -3e-9), point(0.02, 1e-300)), WHO)
    write_calibration(path, as_text(file, "energy-runner 0"))
    again = read_calibration(path)
    assert again is not None
    assert again.calibration == file.calibration
    assert dict(again.instrument) == WHO


def test_a_residual_lies_between_its_neighbours_with_the_uncertainty_of_all_three() -> None:
    found = residuals([point(0.04, 5e-6, 4e-6), point(0.0, 1e-6, 6e-6), point(0.01, 3e-6, 2e-6)])
    (one,) = found
    assert one.value == 0.01
    assert one.residual == pytest.approx(3e-6 - (0.75 * 1e-6 + 0.25 * 5e-6))
    assert pytest.approx(math.hypot(2e-6, 0.75 * 6e-6, 0.25 * 4e-6)) == one.U


def test_ranges_and_quantities_have_their_own_residuals() -> None:
    volts = {"quantity": "voltage", "unit": "V", "range": [0.0, 5.0]}
    points = [point(0.0, 0.0), point(0.1, 0.0), point(0.2, 9.0, range=[0.1, 0.3]), point(3.0, 9.0, **volts)]
    assert residuals(points) == []


def test_a_point_of_another_instrument_or_of_a_twin_is_refused() -> None:
    file = CalibrationFile(new(point(0.0, 0.0)), WHO)
    assert len(with_point(file, point(0.05, 0.0), new(), WHO).calibration.point or []) == 2
    with pytest.raises(ConfigurationError, match="Try: a file of its own"):
        with_point(file, point(0.05, 0.0), new(), WHO | {"serial": "9"})
    with pytest.raises(ConfigurationError, match="Try: a file of its own"):
        with_point(file, point(0.05, 0.0), new().model_copy(update={"virtual": True}), WHO)
    with pytest.raises(ConfigurationError, match="two points at 0 A contradict"):
        with_point(file, point(0.0, 1.0), new(), WHO)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_calibration(tmp_path / "none" / "cal.toml", "")
