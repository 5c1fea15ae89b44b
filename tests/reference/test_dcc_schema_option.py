# SPDX-License-Identifier: Apache-2.0
"""`verify --dcc-schema` with the schema that PTB publishes."""

import os
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from tests.support.certificates import demo_session

XSD = Path(os.environ.get("ENERGY_RUNNER_REFERENCE", "")) / "dcc" / "dcc.xsd"


def test_the_xml_is_valid_and_a_schema_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring = tmp_path / "ring.json"
    api.new_key(tmp_path / "lab.key", None, owner="lab", ring=ring)
    issued = api.certify(demo_session(), tmp_path / "lab.key", out=tmp_path / "certificates", ring=ring)
    found = api.verify_certificate(issued.folder, ring=ring, dcc_schema=XSD)
    (check,) = [one for one in found.checks if one.id == "dcc-schema"]
    assert found.holds
    assert (check.state, "3.1.2" in check.detail) == ("holds", True)
    command = ["verify", str(issued.folder / "certificate.pdf"), "--ring", str(ring), "--dcc-schema"]
    assert run_app(app, [*command, str(XSD)]) == 0
    assert run_app(app, [*command, str(XSD.with_name("SI_Format.xsd"))]) != 0
    (tmp_path / "no.xsd").write_text("<a/>")
    assert run_app(app, [*command, str(tmp_path / "no.xsd")]) == 2
    assert "no.xsd" in capsys.readouterr().err
