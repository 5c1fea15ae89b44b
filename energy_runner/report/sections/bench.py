# SPDX-License-Identifier: Apache-2.0
"""The sections about the bench and the run: devices, settings, specification, stimuli, provenance."""

from typing import Any

from energy_runner.analysis.official import stimulus_status
from energy_runner.analysis.read_back import loads
from energy_runner.analysis.uncertainty.evaluate import Limits
from energy_runner.analysis.uncertainty.wording import rounded
from energy_runner.benchmarks.official import pins_of
from energy_runner.report.headline import how_it_ended
from energy_runner.report.markup import Html, explained, join, pairs, section, table, tag
from energy_runner.report.sections.preparation import preparation
from energy_runner.report.story import Story
from energy_runner.report.units import column, number, percent, prefixed, scaled, shares, with_unit
from energy_runner.session.result import SummaryCheck

ROLES = {"monitor": "Power monitor", "io-manager": "IO manager", "dut": "Device under test (DUT)"}
MEANS = {
    "monitor": "Feeds the device under test and measures its current and voltage.",
    "io-manager": "Relays the serial link between computer and device, and watches the device's timestamp pin.",
    "dut": "The board whose energy is measured.",
}
OPEN_STIMULI = 10


def devices(story: Story) -> Html:
    """Return make, model, serial number and firmware that every device reported, and its port."""
    names = [name for name in ROLES if name in story.devices] + sorted(set(story.devices) - set(ROLES))
    rows = []
    for name in names:
        identity = story.devices[name].identity
        role = explained(
            ROLES.get(name) or _in_roles(story, name), MEANS.get(name, "An instrument of this bench.")
        )
        details = identity.get("detail")
        detail = "; ".join(f"{k}: {v}" for k, v in details.items()) if isinstance(details, dict) else ""
        virtual = tag("strong", "simulated") if identity.get("virtual") or story.record.virtual else "real"
        port = story.record.instrument(name).get("port")
        made = [identity.get(key) or number(None) for key in ("make", "model", "serial", "firmware")]
        rows.append([role, *made, port or f"through {_relay(story)}", virtual, detail])
    columns = ["Device", "Make", "Model", "Serial number", "Firmware", "Port", "Kind", "Detail"]
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    asked = table("As each device identified itself", columns, rows) if rows else ""
    none = "" if rows else tag("p", "No device was identified.")
    return section("devices", "Devices", asked, none, _dut(story))


def _in_roles(story: Story, name: str) -> str:
    """Return the name of an instrument and the roles that the bench file gives it."""
    roles = story.bench("roles")
    players = roles.items() if isinstance(roles, dict) else ()
    played = [role.replace("_", "-") for role, player in players if str(player).partition(":")[0] == name]
    return f"{name} ({', '.join(played)})" if played else name


def _relay(story: Story) -> str:
    """Return what relays the DUT's UART."""
    name = str(story.bench("roles", "dut") or "io-manager").partition(":")[0]
    return "the IO manager" if name == "io-manager" else name


def _dut(story: Story) -> Html:
    answered = story.facts.identified[-1] if story.facts.identified else None
    if answered is None:
        return Html("")
    wanted = story.record.benchmark.model_string
    same = answered.model == wanted
    return pairs(
        "The DUT's own answers",
        [
            ("DUT name", answered.name),
            ("DUT profile", answered.profile),
            (
                "DUT model",
                answered.model if same else tag("span", f"{answered.model} (not {wanted})", class_="lost"),
            ),
            ("Answers come from", story.bench("virtual_dut_answers_from")),
        ],
    )


def settings(story: Story) -> Html:
    """Return how the bench was set up, and the specification of its power monitor."""
    monitor, run, stopped = story.facts.monitor, story.record.run, story.facts.stopped
    voltages = ", ".join(with_unit(value, "V", 5) for value in story.voltages_v)
    inferences: Any = run.inferences if run.inferences is not None else "found by a short trial"
    items: list[tuple[object, object]] = [
        ("Bench", story.bench("name")),
        ("Description", story.bench("description")),
        (
            "Voltage set" if monitor is None or monitor.supply else "Voltage stated, fed from outside",
            monitor and with_unit(monitor.voltage_set_v, "V", 5),
        ),
        ("Voltage measured", voltages),
        ("Temperature", _temperature(story)),
        (
            explained("Debug probe", "A probe that stays connected feeds current into the device, or takes some."),
            _probe(story),
        ),
        (
            explained("Sample period", "The time between two samples, as the power monitor states it."),
            monitor and f"{with_unit(monitor.period_s * 1e6, 'µs')} ({with_unit(1 / monitor.period_s, 'Hz')})",
        ),
        ("Signals recorded", monitor and ", ".join(f"{s.get('name')} ({s.get('unit')})" for s in monitor.signals)),
        ("Samples", stopped and f"{stopped.received} received of {stopped.samples}"),
        (
            explained("Monitor's own summary", "What the monitor itself added up, against the samples recorded."),
            _summed_up(story.result.monitor_summary),
        ),
        ("Inferences a window", inferences if run.mode != "accuracy" else None),
        (
            explained("Warm-ups", "Inferences before each window that do not count."),
            run.warmups if run.mode != "accuracy" else None,
        ),
        ("Stimuli read back", loads(story.facts).words),
        ("Shortest window allowed", with_unit(run.min_window_s, "s") if run.mode != "accuracy" else None),
        *preparation(run),
    ]
    return section("settings", "Bench settings", pairs("Bench settings", items), _accuracy(story))


def _temperature(story: Story) -> str | None:
    """Return the temperatures that were measured, or the one that the bench file states."""
    found = story.facts.temperatures
    if not found:
        stated = story.bench("environment", "temperature_c")
        return f"{with_unit(stated, '°C')} by the bench file, not measured" if stated is not None else None
    lowest, highest = (pick(one.temperature_c for one in found) for pick in (min, max))
    u_k = max((one.u_k for one in found if one.u_k is not None), default=None)
    known = f"u = {u_k:.2g} K" if u_k is not None else "its uncertainty is not stated"
    times = f"{len(found)} times by {found[0].thermometer or 'the thermometer'}; {known}"
    return f"{lowest:.1f} to {highest:.1f} °C, measured {times}"


def _probe(story: Story) -> str | None:
    """Return in a line what is known of the debug probe during the windows."""
    found = next((one for one in story.result.verdicts if one.id == "probe-off"), None)
    if found is None:
        return None
    return f"off in {found.measured}: {found.note}" if found.known else f"not known: {found.note}"


def _summed_up(check: SummaryCheck | None) -> str | None:
    """Return in a line how the monitor's own summary compares with the samples; None where it gave none."""
    if check is None:
        return None
    agree, differ, left = (
        [figure.name for figure in check.figures if figure.agrees is verdict] for verdict in (True, False, None)
    )
    parts = [f"contradicts the samples: {', '.join(differ)}"] if differ else []
    parts += [f"agrees: {', '.join(agree)}"] if agree else []
    parts += [f"not compared: {', '.join(left)}"] if left else []
    parts += [f"{check.not_recorded} samples are in it and not recorded"] if check.not_recorded else []
    return "; ".join(parts) or "empty"


def _accuracy(story: Story) -> Html:
    limits = Limits.of(story.facts.monitor.accuracy) if story.facts.monitor else Limits()
    rows = []
    for term in limits.terms:
        parts = [percent(term.relative)] if term.relative else []
        parts += [prefixed(term.absolute, term.unit)] if term.absolute else []
        rows.append([term.name, f"± {' + '.join(parts)}" if parts else "", term.source])
    assumed = [tag("li", text) for text in limits.assumptions]
    if not (limits.document or rows or assumed):
        return Html("")
    terms = table("Specified limits that entered the uncertainty", ["Term", "Limit", "Source"], rows, wide=(2,))
    return join(
        (
            tag("h3", "Specification of the power monitor"),
            tag("p", f"Document: {limits.document or 'none'}"),
            terms if rows else "",
            _points(limits),
            tag("p", "Assumptions, where no document states a limit:") if assumed else "",
            tag("ul", *assumed, class_="plain") if assumed else "",
        )
    )


def _points(limits: Limits) -> Html:
    """Return the points of a calibration that corrected the readings."""
    rows = [
        [
            point.quantity,
            f"{point.low:g} to {point.high:g} {point.unit}",
            f"{point.value:.7g} {point.unit}",
            f"({' ± '.join(rounded(point.correction, point.U))}) {point.unit}, k = {point.k:g}",
            f"certificate {point.certificate}, {point.laboratory}, {point.date}",
        ]
        for point in limits.points
    ]
    heads = ["Quantity", "Range", "Reading", "Correction", "From"]
    return (
        table("Points of the calibration that corrected the readings", heads, rows, wide=(4,))
        if rows
        else Html("")
    )


def stimuli(story: Story) -> Html:
    """Return the input files with the SHA-256 of their bytes."""
    files = story.record.stimuli
    if not files:
        return Html("")
    pins = pins_of(story.record.benchmark.id)
    rows = [
        [f.file, f.label, f.size, stimulus_status(story.record, pins, f), tag("code", f.sha256, class_="hash")]
        for f in files
    ]
    columns = [
        "File",
        explained("Label", "The class that the label file gives this input."),
        "Bytes",
        explained("Origin", "Whether name, class and content are the benchmark's own, by pinned hashes."),
        explained("SHA-256", "A fingerprint of the bytes: any change of the file changes it."),
    ]
    listed = table("Stimuli of the plan, in order", columns, rows, numeric=(1, 2))
    if len(files) > OPEN_STIMULI:
        listed = tag("details", tag("summary", f"Show all {len(files)} stimuli"), listed)
    return section("stimuli", "Stimuli", _standing(story), listed)


def _standing(story: Story) -> Html:
    """Return what the stimuli and their label file are, by pinned hashes."""
    found, labels = story.result.stimuli, story.record.label_file
    if found is None:
        return Html("")
    items: list[tuple[object, object]] = [
        ("Stimuli", f"{found.status}: {found.detail}"),
        ("Label file", labels and f"{labels.file}, {labels.stimuli} files; {found.label_file} byte for byte"),
        ("SHA-256 of the label file", labels and labels.sha256),
    ]
    return pairs("Where the stimuli come from", items)


def provenance(story: Story) -> Html:
    """Return from which session and software this report comes, and how to make it again."""
    record = story.record
    supply = story.facts.monitor.supply if story.facts.monitor else "monitor"
    by = "the power monitor" if supply == "monitor" else supply
    off = {True: f"confirmed by {by}", False: "NOT CONFIRMED", None: "this bench has no supply to switch"}
    items: list[tuple[object, object]] = [
        ("Session", record.session_id),
        ("Started (UTC)", record.started_utc),
        ("Software", record.software),
        ("End of the run", how_it_ended(record.outcome, record.reason)),
        ("Supply off at the end", off[record.supply_off_confirmed]),
        ("Seed of the simulation", record.run.seed if record.virtual else None),
        ("Journal", "its last line was cut off and is left out" if story.facts.torn else None),
    ]
    items += [("Note", note) for note in record.notes]
    words = (
        "Every figure here is derived from the facts in this session's folder (record.json, journal.jsonl, "
        "trace.jls) and can be derived again: "
    )
    again = tag("p", words, tag("code", "energy-runner analyze SESSION"), ".", class_="quiet")
    return section("provenance", "Where this comes from", pairs("Provenance", items), again)


def truth(story: Story) -> Html:
    """Return, for a simulated bench, by how much the measured energies differ from the exact ones."""
    exact = story.record.truth
    if not exact or len(exact) != len(story.result.windows):
        return Html("")
    measured = [window.energy_per_inference_j for window in story.result.windows]
    known = [true.energy_j / true.inferences if true.inferences else None for true in exact]
    differences = [got / real - 1 if got and real else None for got, real in zip(measured, known, strict=True)]
    unit, off = shares(differences)
    numbers = [window.index + 1 for window in story.result.windows]
    in_uj = [column([scaled(value, 1e6) for value in values]) for values in (known, measured)]
    rows = list(zip(numbers, *in_uj, off, strict=True))
    columns = ["Window", "Exact (µJ per inference)", "Measured (µJ per inference)", f"Difference ({unit})"]
    words = (
        "The simulated device's energy is known exactly. The difference comes from the simulated power monitor's "
        "own errors, drawn within its data sheet, and from the analysis."
    )
    return section(
        "truth",
        "Measured against the simulation's truth",
        tag("p", words, class_="quiet"),
        table("Each window's energy against the exact one", columns, rows, numeric=(1, 2, 3)),
    )
