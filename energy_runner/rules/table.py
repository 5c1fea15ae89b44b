# SPDX-License-Identifier: Apache-2.0
"""The table of rules: what each demands, the function that judges, in which modes, and the unit of its number."""

from energy_runner.rules import clocks, instrument, isolation, modes, run, samples, windows
from energy_runner.rules.base import ACCURACY, ENERGY, TIMED
from energy_runner.rules.rule import Rule

_TABLE: tuple[Rule, ...] = (
    Rule("run-completed", "the run went through all its phases", run.run_completed),
    Rule(
        "facts-sealed", "the facts are those that were sealed when the run ended", run.facts_sealed, compares=True
    ),
    Rule("score", "the run gave the figure that it was made for", run.score),
    Rule("supply-off", "the supply is known to be off after the run", run.supply_off),
    Rule("events-agree", "the events are what the exchanged bytes say", run.events_agree, unit="1"),
    Rule("benchmark", "the suite has the benchmark", run.benchmark),
    Rule("progressive-sizes", "ic02 is submitted together with ic01", run.progressive_sizes, compares=True),
    Rule("runner", "the suite accepts results of the program that made the run", run.runner),
    Rule("model-string", "the DUT says that it runs the benchmark's model", run.model_string),
    Rule("five-windows", "{limit} windows were measured", windows.five_windows, TIMED, "1"),
    Rule("different-stimuli", "each window had another stimulus", windows.different_stimuli, TIMED, "1"),
    Rule(
        "first-stimuli", "the stimuli are the first of the label file", windows.first_stimuli, TIMED, compares=True
    ),
    Rule("official-stimuli", "the stimuli are the benchmark's own", run.official_stimuli, TIMED),
    Rule(
        "official-set",
        "the stimuli and their classes are the benchmark's own",
        run.official_stimuli,
        ACCURACY,
    ),
    Rule("window-length", "each window lasts at least {limit:g} s", windows.window_length, TIMED, "s"),
    Rule(
        "window-inferences", "each window holds at least {limit} inferences", windows.window_inferences, TIMED, "1"
    ),
    Rule("warm-ups", "every window is warmed up alike", run.warm_ups, TIMED, "1"),
    Rule("read-back", "every stimulus was compared in the DUT's memory", run.read_back, TIMED, "1"),
    Rule(
        "inputs-read-back",
        "every input that was classified was compared in the DUT's memory",
        run.inputs_read_back,
        ACCURACY,
        "1",
    ),
    Rule("edges-match-commands", "edges and commands match one to one", samples.edges_match, ENERGY, "1"),
    Rule(
        "no-lost-samples",
        "at most {limit:.3g} of a window's samples are lost",
        samples.no_lost_samples,
        ENERGY,
        "1",
    ),
    Rule(
        "not-over-range",
        "at most {limit:.3g} of a window's samples are over range",
        samples.not_over_range,
        ENERGY,
        "1",
    ),
    Rule("trace-repeats", "the trace repeats as often as stated", windows.trace_repeats, TIMED, "1"),
    Rule(
        "sample-clock",
        "sample period by the host over that stated: 1 ± {limit}",
        clocks.sample_clock,
        ENERGY,
        "1",
        remarks=True,
    ),
    Rule(
        "lap-clock",
        "windows by the IO manager's laps over those by edges: 1 ± {limit}",
        clocks.lap_clock,
        ENERGY,
        "1",
    ),
    Rule(
        "dut-clock",
        "the DUT's clock over the monitor's or the host's: 1 ± {limit}",
        clocks.dut_clock,
        TIMED,
        "1",
        remarks=True,
    ),
    Rule(
        "voltage", "voltage measured over voltage set: 1 ± {limit}", instrument.voltage, ENERGY, "V", remarks=True
    ),
    Rule(
        "spread",
        "(largest - smallest) / median of the windows is at most {limit}",
        windows.spread,
        TIMED,
        "1",
        remarks=True,
    ),
    Rule(
        "drift",
        "the windows drift by at most {limit} from first to last",
        windows.drift,
        TIMED,
        "1",
        remarks=True,
    ),
    Rule("accuracy-target", "the unrounded accuracy reaches the target", modes.accuracy_target, compares=True),
    Rule("same-firmware", "the firmware is the same in all modes", modes.same_firmware, compares=True),
    Rule(
        "throughput-agrees",
        "as fast as in performance mode, within {limit}",
        modes.throughput_agrees,
        ENERGY,
        "1",
        compares=True,
    ),
    Rule(
        "same-answers",
        "each stimulus is answered as in the other sessions, a single number within {limit}",
        modes.same_answers,
        TIMED,
        "1",
        compares=True,
    ),
    Rule(
        "instrument-known", "make, model, serial and firmware of the monitor", instrument.instrument_known, ENERGY
    ),
    Rule("calibration", "due date not passed, or calibrated {limit} months ago", instrument.calibration, ENERGY),
    Rule("probe-off", "the debug probe was off in every window", isolation.probe_off, ENERGY, "1"),
    Rule("temperature", "surroundings of at least {limit} °C", instrument.temperature, ENERGY, "°C"),
    Rule("uncertainty-complete", "every cause of uncertainty is counted", instrument.uncertainty_complete, ENERGY),
    Rule("not-simulated", "hardware was measured", run.not_simulated),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _TABLE}
