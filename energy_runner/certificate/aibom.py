# SPDX-License-Identifier: Apache-2.0
"""`aibom.json`: a bill of materials of the network that was measured, with its energy (CycloneDX 1.6, ECMA-424).

The model card states the energy of one inference in kWh, the only unit that CycloneDX has; joule and uncertainty
are in properties beside it.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.item import Image
from energy_runner.certificate.places import Difference, differences
from energy_runner.errors import SessionError
from energy_runner.wording import shown

SPEC_VERSION = "1.6"
MOST_BYTES = 4_000_000
J_PER_KWH = 3.6e6
PREFIX = "energy-runner:"
NOT_STATED = "not stated"
_SIMPLE = re.compile(r"[$A-Za-z][A-Za-z0-9-]*")  # a key that cannot pass for a longer path
_LONGEST_VERSION = 1024  # by the schema
_TRY = "Try: the aibom.json as it was issued, not saved again by another program"
_SIMULATED = "SIMULATED: no hardware was measured. "


@dataclass(frozen=True)
class AibomFacts:
    """What a bill of materials states: each value, as JSON writes it, by its place: `components[0].name`."""

    places: Mapping[str, str]

    def differences(self, expected: "AibomFacts") -> list[Difference]:
        """Return the places that do not say what `expected` says."""
        return list(differences(self.places, expected.places))


def aibom_bytes(certificate: EnergyCertificate) -> bytes:
    """Return the bill of materials as JSON in UTF-8; the same bytes for the same facts."""
    return _written(_document(certificate))


def facts_in_aibom(certificate: EnergyCertificate) -> AibomFacts:
    """Return what the bill of materials of a certificate has to state, as this version writes it."""
    return AibomFacts(_places(_document(certificate)))


def read_aibom(data: bytes) -> AibomFacts:
    """Return what a bill of materials states.

    Raises `SessionError` for whatever is not byte for byte as this project writes it: too large, cut off, with
    keys twice, or in another order.
    """
    if len(data) > MOST_BYTES:
        raise _refused(f"it has {len(data)} bytes, more than {MOST_BYTES}")
    try:
        document = json.loads(data.decode())
        own = _written(document)
    except (ValueError, RecursionError) as error:
        raise _refused(shown(str(error), 200)) from None
    if own != data:
        raise _refused("its bytes are not as energy-runner writes them")
    return AibomFacts(_places(document))


def _refused(why: str) -> SessionError:
    return SessionError(f"the bill of materials cannot be read: {why}. {_TRY}")


def _written(document: Any) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _places(document: Any) -> dict[str, str]:
    return dict(_walk(document, ""))


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            step = key if _SIMPLE.fullmatch(key) else f"[{json.dumps(key)}]"
            yield from _walk(inner, f"{path}.{step}" if path else step)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{number}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def _document(one: EnergyCertificate) -> dict[str, Any]:
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'urn:energy-runner:certificate:{one.id}')}",
        "version": 1,
        "metadata": _metadata(one),
        "components": [_network(one), _firmware(one), _board(one)],
    }


def _metadata(one: EnergyCertificate) -> dict[str, Any]:
    name, _, version = one.issuing.software.rpartition(" ")
    tool = {"type": "application", "name": name or version, **_version(version if name else "")}
    return {
        "timestamp": one.issuing.issued_utc,
        "tools": {"components": [tool]},
        **({"manufacturer": _laboratory(one)} if one.parties.laboratory.name else {}),
        "properties": _properties(
            {
                "certificate": one.id,
                "title": one.title,
                "simulated": one.virtual,
                "verification": one.statements.verification,
            }
        ),
    }


def _laboratory(one: EnergyCertificate) -> dict[str, Any]:
    own = one.parties.laboratory
    return {"name": own.name or NOT_STATED, **({"address": {"country": own.country}} if own.country else {})}


def _properties(values: Mapping[str, object]) -> list[dict[str, str]]:
    """Return what is known of them as properties, whose values CycloneDX wants as texts."""
    known = {key: value for key, value in values.items() if value is not None and value != ""}
    return [
        {"name": f"{PREFIX}{key}", "value": value if isinstance(value, str) else json.dumps(value)}
        for key, value in known.items()
    ]


def _version(text: str) -> dict[str, str]:
    return {"version": text} if 0 < len(text) <= _LONGEST_VERSION else {}


def _hashes(image: Image | None) -> dict[str, Any]:
    return {"hashes": [{"alg": "SHA-256", "content": image.sha256}]} if image is not None else {}


def _network(one: EnergyCertificate) -> dict[str, Any]:
    image = one.firmware.network
    simulated = _SIMULATED if one.virtual else ""
    return {
        "type": "machine-learning-model",
        "bom-ref": "network",
        "name": image.file if image is not None else one.firmware.model_string or NOT_STATED,
        "description": f"{simulated}The network that the item ran; its energy is stated in {one.id}, {one.title}.",
        **_hashes(image),
        "modelCard": {
            "modelParameters": {"task": one.workload.task},
            **_accuracy(one),
            "considerations": {"environmentalConsiderations": _energy(one)},
        },
    }


def _accuracy(one: EnergyCertificate) -> dict[str, Any]:
    found = one.workload.accuracy
    if found is None or found.value is None or not found.same_firmware or found.virtual != one.virtual:
        return {}  # it is not known to be the accuracy of this network
    metric = {"type": found.metric, "value": repr(found.value)}
    return {"quantitativeAnalysis": {"performanceMetrics": [metric]}}


def _energy(one: EnergyCertificate) -> dict[str, Any]:
    score = one.result.energy_per_inference_j
    if score is None:
        return {"properties": _properties({"score": "There is no score."})}
    cost = {"value": score.median / J_PER_KWH, "unit": "kWh"}
    provider = {
        "description": (_SIMULATED if one.virtual else "") + "The supply of the bench, per inference",
        "organization": _laboratory(one),
        "energySource": "unknown",
        "energyProvided": cost,
    }
    stated = {
        "per": "one inference",
        "energy-per-inference-j": score.median,
        "expanded-uncertainty-j": score.U,
        "coverage-factor": score.k,
        "coverage-probability": score.probability,
        "standard-uncertainty-j": score.u,
        "uncertainty-complete": score.complete,
        "stated": score.stated.text if score.stated is not None else None,
        "title": one.title,
        "simulated": one.virtual,
        "rules-kept": one.result.valid,
        "benchmark": one.workload.benchmark,
        "rule-set": one.workload.rule_set,
    }
    return {
        "energyConsumptions": [
            {
                "activity": "inference",
                "energyProviders": [provider],
                "activityEnergyCost": cost,
                "properties": _properties(stated),
            }
        ]
    }


def _firmware(one: EnergyCertificate) -> dict[str, Any]:
    ran = one.firmware
    return {
        "type": "firmware",
        "bom-ref": "firmware",
        "name": ran.name or NOT_STATED,
        **_version(ran.profile),
        **_hashes(ran.image),
        "properties": _properties(
            {
                "answer-to-profile": ran.profile,
                "file": ran.image.file if ran.image is not None else None,
                "toolchain": ran.toolchain,
                "flags": ran.flags,
                "framework": ran.framework,
                "kernels": ran.kernels,
                "quantisation": ran.quantisation,
            }
        ),
    }


def _board(one: EnergyCertificate) -> dict[str, Any]:
    item = one.item
    return {
        "type": "device",
        "bom-ref": "item",
        "name": item.board or NOT_STATED,
        **_version(item.revision),
        "properties": _properties(
            {
                "simulated": one.virtual,
                "revision": item.revision,
                "serial": item.serial,
                "processor": item.processor,
                "clock-hz": item.clock_hz,
            }
        ),
    }
