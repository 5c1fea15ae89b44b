# SPDX-License-Identifier: Apache-2.0
"""Shared sessions, what is done to each, and what an audit has to find; `forgeries.py` has what does it."""

from tests.support import forgeries as forge
from tests.support.forgeries import Forgery, republish

L4 = "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI"
U5 = "v1.2/closed/STMicroelectronics/results/NUCLEO_U575ZI_Q"
U3 = "v1.3/closed/STMicroelectronics/results/NUCLEO_U385RG_Q"
JS = "v0.7/open/hls4ml-finn/results/pynq-z2/kws/KWS-W3A3/power"
GAP = "v1.0/closed/greenwaves-technologies/results/gap9_650_240/keyword_spotting/energy"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
LOST = forge.all_of(forge.stamps(lambda times: times[:3] + times[4:]), republish)

# session, what is done to it, the finding, the word, and the finding behind which it stands
FORGED: dict[str, tuple[str, Forgery, str, str]] = {
    "a forged median": (
        f"{L4}/kws/energy",
        forge.replaced("results.txt", r"cost is 4635\.681", "cost is 4235.681"),
        "figures-differ",
        "does-not-reproduce",
    ),
    "a forged window": (
        f"{L4}/kws/energy",
        forge.replaced("results.txt", r"(Runtime +: +)\d\d\.", r"\g<1>99.", 1),
        "figures-differ",
        "does-not-reproduce",
    ),
    "two medians": (
        f"{L4}/kws/energy",
        forge.appended("results.txt", "00999.000 ulp-ml: Median energy cost is 4000.000 uJ/inf.\n"),
        "medians-contradict",
        "does-not-reproduce",
    ),
    "results of another run": (
        f"{L4}/kws/performance",
        forge.replaced("results.txt", r"# Inferences : +\d+", "# Inferences :           77"),
        "another-run",
        "does-not-reproduce",
    ),
    "a scaled trace": (
        f"{L4}/kws/energy",
        forge.all_of(forge.samples(lambda uj: [0.9 * one for one in uj]), republish),
        "digits-impossible",
        "doubtful",
    ),
    "a trace of odd length": (
        f"{L4}/kws/energy",
        forge.samples(lambda uj: uj[:-100]),
        "blocks-impossible",
        "doubtful",
    ),
    "a sample that is no number": (
        f"{L4}/kws/energy",
        forge.samples(lambda uj: [float("nan"), *uj[1:]]),
        "trace-damaged",
        "doubtful",
    ),
    "half a trace": (
        f"{L4}/kws/energy",
        forge.samples(lambda uj: uj[: 30 * 1024]),
        "trace-short",
        "cannot-be-judged",
    ),
    "a lost edge": (f"{L4}/kws/energy", LOST, "corrected", "does-not-reproduce"),
    "windows of downloads": (f"{L4}/kws/energy", LOST, "window-in-wrong-phase", "does-not-reproduce"),
    "a lost edge is named": (f"{L4}/kws/energy", LOST, "edge-missing", "does-not-reproduce"),
    "an edge too many": (
        f"{L4}/kws/energy",
        forge.all_of(forge.stamps(lambda times: sorted([*times, times[2] + 0.2])), republish),
        "edge-surplus",
        "does-not-reproduce",
    ),
    "edges backwards": (
        f"{L4}/kws/energy",
        forge.stamps(lambda times: times[::-1]),
        "timestamps-unsorted",
        "doubtful",
    ),
    "a clock that is slow by half": (
        f"{L4}/kws/performance",
        forge.all_of(forge.laps(lambda _, lap: round(lap / 1.5)), republish),
        "throughput-by-host-clock",
        "does-not-reproduce",
    ),
    "a clock that is slow by 1.5 %": (
        f"{L4}/kws/performance",
        forge.all_of(forge.laps(lambda _, lap: round(lap / 1.016)), republish),
        "dut-clock",
        "holds",
    ),
    "half a log": (
        f"{L4}/kws/performance",
        forge.text_of("log.txt", lambda text: text[: text.index("m-infer-done", text.index("m-infer-done") + 9)]),
        "log-truncated",
        "cannot-be-judged",
    ),
    "an answer that is no number": (
        f"{L4}/kws/accuracy",
        forge.replaced("log.txt", r"m-results-\[[^,]*,", "m-results-[nan,", 1),
        "answers-not-numbers",
        "doubtful",
    ),
    "24 files of 1000": (
        f"{L4}/kws/accuracy",
        forge.first_answers(24),
        "answers-incomplete",
        "cannot-be-judged",
    ),
    "an answer that is lost": (
        f"{L4}/kws/accuracy",
        forge.replaced("log.txt", r"m-results-", "m-re", 3),
        "answers-missing",
        "cannot-be-judged",
    ),
    "names without classes": (
        f"{L4}/kws/accuracy",
        forge.replaced("log.txt", r"tst_(\d+)_\w+_\d+\.bin", r"\1.bin"),
        "labels-unknown",
        "cannot-be-judged",
    ),
    "12 outputs for 10 classes": (
        f"{L4}/ic/accuracy",
        forge.replaced("log.txt", r"(m-results-\[[^\]]*?),?\]", r"\1,0,0]"),
        "outputs-surplus",
        "holds",
    ),
    "an accuracy below the target": (
        f"{L4}/kws/accuracy",
        forge.wrong_classes(100),
        "accuracy-target",
        "breaks-a-rule",
    ),
    "a stimulus twice": (
        f"{L4}/kws/performance",
        forge.replaced("log.txt", "tst_000001_Left_2", "tst_000000_Stop_7"),
        "different-stimuli",
        "breaks-a-rule",
    ),
    "another first stimulus": (
        f"{L4}/kws/performance",
        forge.replaced("log.txt", "tst_000000_Stop_7", "tst_000009_Go_9"),
        "first-stimuli",
        "holds",
    ),
    "another model": (
        f"{L4}/kws/performance",
        forge.replaced("log.txt", r"m-model-\[kws01\]", "m-model-[kws99]"),
        "model-string",
        "breaks-a-rule",
    ),
    "an error of the DUT": (
        f"{L4}/kws/performance",
        forge.replaced("log.txt", "m-warmup-done", "e-[out of memory]", 1),
        "dut-error",
        "doubtful",
    ),
    "packets that were dropped": (
        JS,
        forge.replaced("log.txt", r"Dropped 0 packets out of", "Dropped 30000 packets out of"),
        "packets-dropped",
        "breaks-a-rule",
    ),
    "no log": (f"{L4}/kws/energy", forge.removed("log.txt"), "file-missing", "cannot-be-judged"),
    "no script": (f"{L4}/kws/energy", forge.removed("script.async"), "script-missing", "holds"),
    "no trace": (f"{L4}/kws/energy", forge.removed("trace1-energy.bin"), "trace-absent", "cannot-be-judged"),
    "no timestamps": (
        f"{L4}/kws/energy",
        forge.removed("trace1-timestamps.json"),
        "timestamps-absent",
        "cannot-be-judged",
    ),
    "pointers": (
        f"{L4}/kws/energy",
        forge.all_of(
            forge.written("trace1-energy.bin", POINTER), forge.written("trace1-timestamps.json", POINTER)
        ),
        "lfs-pointer",
        "cannot-be-judged",
    ),
    "an archive": (
        f"{L4}/kws/energy",
        forge.all_of(forge.removed("log.txt"), forge.written("log.zip", b"PK\x03\x04")),
        "archive",
        "cannot-be-judged",
    ),
    "an archive under another name": (
        f"{L4}/kws/energy",
        forge.written("trace1-energy.bin", b"\x1f\x8b" + bytes(100)),
        "archive",
        "cannot-be-judged",
    ),
    "no results": (f"{L4}/kws/energy", forge.written("results.txt", b"\n"), "results-absent", "cannot-be-judged"),
    "garbled results": (
        f"{L4}/kws/energy",
        forge.replaced("results.txt", "Energy data", "En\x01rgy d", 1),
        "results-garbled",
        "doubtful",
    ),
    "samples of another session": (
        f"{U3}/kws/energy",
        forge.replaced("log.txt", r"([Ss]amples:)\d", r"\g<1>9", 1),
        "another-run",
        "does-not-reproduce",
    ),
    "an answer of the other runner that is no number": (
        f"{U3}/kws/accuracy",
        forge.replaced("results.json", r'"results": \[\s*[-0-9.e]+', '"results": [NaN', 1),
        "answers-not-numbers",
        "doubtful",
    ),
}
