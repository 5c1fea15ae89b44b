# SPDX-License-Identifier: Apache-2.0
"""Two faults in one session: what an audit has to name first, and the word that they make together."""

from tests.support import forgeries as forge
from tests.support.forged_sessions import L4, U3, U5
from tests.support.forgeries import Forgery, republish

MEDIAN = forge.replaced("results.txt", r"cost is 4635\.681", "cost is 4235.681")
TOP1 = forge.replaced("results.txt", r"90\.2", "95.2")
NO_ANSWER = forge.replaced("log.txt", r"m-results-\[[^,]*,", "m-results-[nan,", 1)
LOST_EDGE = forge.stamps(lambda times: times[:3] + times[4:])
LONGER = forge.replaced("log.txt", r"\d{5}\.(\d{3} emon: m-trace\[off\])", r"00150.\1")
EEMBC, OTHER = f"{L4}/kws/energy", f"{U3}/kws/energy"
PERFORMANCE, OTHER_PERFORMANCE = f"{L4}/kws/performance", f"{U3}/kws/performance"
IN_WINDOW = 5000  # a sample of the first window; it begins after 2.88 s

# session, what is done to it, the finding that comes first, and the word
FIRST: dict[str, tuple[str, Forgery, str, str]] = {
    "a sample of the idle part, and a forged median": (
        EEMBC,
        forge.all_of(forge.missing_sample(0), MEDIAN),
        "figures-differ",
        "does-not-reproduce",
    ),
    "a sample of a window, and a forged median": (
        EEMBC,
        forge.all_of(forge.missing_sample(IN_WINDOW), MEDIAN),
        "figures-differ",
        "does-not-reproduce",
    ),
    "a sample of a window alone": (EEMBC, forge.missing_sample(IN_WINDOW), "trace-damaged", "doubtful"),
    "an answer that is no number, and a forged accuracy": (
        f"{L4}/kws/accuracy",
        forge.all_of(NO_ANSWER, TOP1),
        "figures-differ",
        "does-not-reproduce",
    ),
    "an answer that is no number alone": (
        f"{L4}/kws/accuracy",
        NO_ANSWER,
        "answers-not-numbers",
        "doubtful",
    ),
    "a trace of another length, and a forged median": (
        EEMBC,
        forge.all_of(LONGER, MEDIAN),
        "figures-differ",
        "does-not-reproduce",
    ),
    "a lost edge": (EEMBC, LOST_EDGE, "edge-missing", "does-not-reproduce"),
    "a lost edge, and a forged median": (
        EEMBC,
        forge.all_of(LOST_EDGE, MEDIAN),
        "figures-contradict",
        "does-not-reproduce",
    ),
    "the runner was set to another number": (
        EEMBC,
        forge.replaced("log.txt", r"key\[iterInfer\]-val\[120\]", "key[iterInfer]-val[100]"),
        "iterations-differ",
        "doubtful",
    ),
    "another number in the commands and at the DUT": (
        PERFORMANCE,
        forge.all_of(
            forge.replaced("log.txt", 'Command "dut infer 120 1"', 'Command "dut infer 130 1"'),
            forge.replaced("log.txt", "m-infer-start-120", "m-infer-start-130"),
            forge.replaced("log.txt", r"iterInfer\]-val\[120\]", "iterInfer]-val[130]"),
            republish,
        ),
        "iterations-differ",
        "doubtful",
    ),
    "another number in every line": (
        EEMBC,
        forge.all_of(
            forge.text_of(
                "log.txt",
                lambda text: (
                    text.replace("infer 120 1", "infer 130 1")
                    .replace("start-120", "start-130")
                    .replace("[120]", "[130]")
                ),
            ),
            republish,
        ),
        "repeats-contradict",
        "doubtful",
    ),
    "windows that end before the last inference": (
        EEMBC,
        forge.all_of(
            forge.stamps(lambda times: [time - 0.2 * (k > 0 and k % 2 == 0) for k, time in enumerate(times)]),
            republish,
        ),
        "repeats-contradict",
        "doubtful",
    ),
    "iterations of the other runner": (
        OTHER_PERFORMANCE,
        forge.iterations(300),
        "another-run",
        "does-not-reproduce",
    ),
    "iterations of the other runner, and figures that follow": (
        OTHER,
        forge.all_of(forge.iterations(300), republish),
        "another-run",
        "does-not-reproduce",
    ),
    "inferences that only the results of the other runner state": (
        OTHER_PERFORMANCE,
        forge.replaced("results.txt", "# Inferences : 250", "# Inferences : 260", 1),
        "another-run",
        "does-not-reproduce",
    ),
    "a window of the other runner in the log alone": (
        OTHER_PERFORMANCE,
        forge.replaced("log.txt", r"Runtime      :     12\.075", "Runtime      :     11.075"),
        "another-run",
        "does-not-reproduce",
    ),
    **{
        f"a clock that is fast by 3 %, {name}": (
            name,
            forge.all_of(forge.laps(lambda _, lap: round(lap * 1.03)), republish),
            "throughput-by-host-clock",
            "does-not-reproduce",
        )
        for name in (PERFORMANCE, f"{L4}/ic/performance", f"{U5}/kws/performance")
    },
}
