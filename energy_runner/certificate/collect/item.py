# SPDX-License-Identifier: Apache-2.0
"""Parties, item and firmware: what the laboratory states, with what the session says of the firmware."""

from energy_runner.certificate.collect.equipment import STATED
from energy_runner.certificate.collect.gathered import Gathered
from energy_runner.certificate.facts.item import Firmware, Image, Item, Photo
from energy_runner.certificate.facts.parties import Laboratory, Organisation, Parties
from energy_runner.certificate.profile.files import Profile
from energy_runner.certificate.profile.spec import LabProfile

FLASHED = "flashed in the session"
OF_TWIN = "model of the virtual DUT"


def parties(profile: LabProfile) -> Parties:
    """Return who measured, and for whom."""
    return Parties(
        laboratory=Laboratory(**profile.laboratory.model_dump()),
        customer=Organisation(**profile.customer.model_dump()),
        operator=profile.people.operator,
        approver=profile.people.approver,
    )


def item(profile: Profile) -> Item:
    """Return the board as the laboratory states it."""
    stated = profile.spec.item
    photos = [Photo(file=one.file, sha256=profile.digests[one.file], shows=one.shows) for one in stated.photos]
    return Item(**stated.model_dump(exclude={"photos"}), photos=photos)


def firmware(found: Gathered, profile: Profile) -> Firmware:
    """Return what ran on the board: its own answers, and its files by what the session or the laboratory knows."""
    stated = profile.spec.firmware
    answered = found.facts.identified[-1] if found.facts.identified else None
    return Firmware(
        name=answered.name if answered is not None else "",
        profile=answered.profile if answered is not None else "",
        model_string=answered.model if answered is not None else "",
        answers_from=str(found.record.bench.get("virtual_dut_answers_from") or ""),
        image=flashed_image(found) or _stated(stated.image, profile),
        network=_stated(stated.network, profile),
        toolchain=stated.toolchain,
        flags=stated.flags,
        framework=stated.framework,
        kernels=stated.kernels,
        quantisation=stated.quantisation,
    )


def flashed_image(found: Gathered) -> Image | None:
    """Return the image that a session flashed; None where it flashed none, or its plan names none."""
    flash = found.record.run.flash
    if not found.flashed or flash is None or not flash.image_sha256:
        return None
    return Image(file=flash.image.replace("\\", "/").rpartition("/")[2], sha256=flash.image_sha256, source=FLASHED)


def _stated(name: str, profile: Profile) -> Image | None:
    if not name:
        return None
    return Image(file=name.replace("\\", "/").rpartition("/")[2], sha256=profile.digests[name], source=STATED)
