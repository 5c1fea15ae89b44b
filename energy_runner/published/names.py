# SPDX-License-Identifier: Apache-2.0
"""The names of the files and folders of published sessions.

Names seen: `log.txt`, `energy_log.txt`, `performance_results.txt`, `accuracy_script.async` (or `_script.txt`),
`trace1-energy.bin`; folders `energy`, `enegy`, `power`, with or without a folder for the model's variant above.
"""

import re

# role -> what a file of that role may be called; the group is a prefix that distinguishes sessions in one folder
ROLES: dict[str, re.Pattern[str]] = {
    "log": re.compile(r"^(.*?)[_-]?log\.txt$", re.IGNORECASE),
    "results": re.compile(r"^(.*?)[_-]?results\.txt$", re.IGNORECASE),
    "json": re.compile(r"^(.*?)[_-]?results\.json$", re.IGNORECASE),
    "script": re.compile(r"^(.*?)[_-]?script\.(?:async|txt)$", re.IGNORECASE),
    "trace": re.compile(r"^(.*?)[_-]?trace\d*-energy\.bin$", re.IGNORECASE),
    "timestamps": re.compile(r"^(.*?)[_-]?trace\d*-timestamps\.json$", re.IGNORECASE),
}
PREFIX_ROLES = ("log", "results", "json", "script")
MODE_FOLDERS = {
    "energy": "energy",
    "enegy": "energy",
    "power": "energy",
    "performance": "performance",
    "perf": "performance",
    "accuracy": "accuracy",
}
BENCHMARK_FOLDERS = {
    "ad": "ad01",
    "anomaly_detection": "ad01",
    "ic": "ic01",
    "image_classification": "ic01",
    "ic2": "ic02",
    "kws": "kws01",
    "keyword_spotting": "kws01",
    "vww": "vww01",
    "visual_wake_words": "vww01",
    "person_detection": "vww01",
    "sww": "sww01",
}
ARCHIVES = re.compile(r"\.(?:zip|tar|tgz|tbz2|txz|7z|rar|tar\.(?:gz|bz2|xz|zst))$", re.IGNORECASE)
OUR_OWN = {"record.json", "journal.jsonl"}  # a folder with these holds a session of ours
