# SPDX-License-Identifier: Apache-2.0
"""What the MLCommons runner computed its figures from, pass by pass."""

from energy_runner.published.mlcommons.document import Document, DutyCycle
from energy_runner.published.mlcommons.recording import Recorded
from energy_runner.published.model import FloatArray, MlcommonsPass

_NO_DUTY_CYCLE = DutyCycle(start_times_s=[], stop_times_s=[])


def make_passes(document: Document, recorded: Recorded | None) -> list[MlcommonsPass]:
    """Return the passes that the DUT worked in; samples only where every pass has some."""
    blocks: list[FloatArray | None] = [*recorded.blocks] if recorded else [None] * len(document.working)
    passes = []
    for (one, infer), block in zip(document.working, blocks, strict=True):
        duty = one.dutycycle or _NO_DUTY_CYCLE
        words = infer.detection_windows
        passes.append(
            MlcommonsPass(
                inferences=infer.iterations,
                elapsed_us=infer.elapsed_time,
                samples_j=block,
                edges=tuple(count for _, count in one.power.timestamps) if one.power else (),
                detections_ms=tuple(infer.detections or ()),
                words_s=None if words is None else tuple(words),
                at_work_s=(tuple(duty.start_times_s), tuple(duty.stop_times_s)),
            )
        )
    return passes
