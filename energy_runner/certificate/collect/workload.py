# SPDX-License-Identifier: Apache-2.0
"""What the item had to do, and whether it is accurate enough."""

from energy_runner.certificate.collect.gathered import Gathered
from energy_runner.certificate.collect.item import firmware
from energy_runner.certificate.facts.workload import AccuracyFacts, Workload
from energy_runner.certificate.profile.files import Profile


def workload(found: Gathered, accuracy: Gathered | None, profile: Profile) -> Workload:
    """Return the benchmark of a session with its stimuli, and the accuracy of the same item if it is given."""
    record, result = found.record, found.result
    judged = result.judged_by
    return Workload(
        benchmark=record.benchmark.id,
        task=record.benchmark.task,
        division=profile.spec.workload.division,
        rule_set=result.rule_set or "",
        rule_set_sha256=judged.rule_set_sha256 if judged is not None else "",
        inferences=[window.inferences for window in result.windows],
        warmups=record.run.warmups,
        stimuli=record.stimuli,
        label_file=record.label_file,
        standing=result.stimuli,
        accuracy=_accuracy(found, accuracy, profile) if accuracy is not None else None,
    )


def _accuracy(found: Gathered, other: Gathered, profile: Profile) -> AccuracyFacts | None:
    accuracy = other.result.accuracy
    if accuracy is None:
        return None
    image = firmware(other, profile).image
    return AccuracyFacts(
        session_id=other.record.session_id,
        virtual=other.record.virtual or other.result.virtual,
        facts_sha256=other.record.seal.sha256 if other.record.seal is not None else None,
        metric=accuracy.metric,
        value=accuracy.value,
        target=accuracy.target,
        met=other.result.valid and accuracy.value is not None and accuracy.value >= accuracy.target,
        stimuli=accuracy.stimuli,
        standing=other.result.stimuli,
        same_firmware=_same_firmware(found, other, profile),
        firmware_from=image.source if image is not None else "",
    )


def _same_firmware(found: Gathered, other: Gathered, profile: Profile) -> bool | None:
    """Return whether two sessions ran the same firmware: by its own names, and by the hash of its file.

    Where a session did not flash it, the file is that which the laboratory states; the certificate says so. Names
    alone prove nothing: two builds may answer alike.
    """
    own, tested = firmware(found, profile), firmware(other, profile)
    names = [(one.name, one.profile, one.model_string) for one in (own, tested)]
    if names[0] != names[1]:
        return False
    if own.image is None or tested.image is None:
        return None
    return own.image.sha256 == tested.image.sha256
