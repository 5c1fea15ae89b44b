"""The table of rules: what each demands, in which modes, and the function that judges."""

from energy_runner.rules import clocks, instrument, modes, run, samples, windows
from energy_runner.rules.base import ALL, ENERGY, TIMED, Rule

_TABLE: tuple[Rule, ...] = (
    Rule("run-completed", ALL, "the run went through all its phases", run.run_completed),
    Rule("score", ALL, "the run gave the figure that it was made for", run.score),
    Rule("supply-off", ALL, "the supply is known to be off after the run", run.supply_off),
    Rule("benchmark", ALL, "the suite has the benchmark", run.benchmark),
    Rule("progressive-sizes", ALL, "ic02 is submitted together with ic01", run.progressive_sizes),
    Rule("runner", ALL, "the suite accepts results of the program that made the run", run.runner),
    Rule("model-string", ALL, "the DUT says that it runs the benchmark's model", run.model_string),
    Rule("five-windows", TIMED, "{limit} windows were measured", windows.five_windows),
    Rule("different-stimuli", TIMED, "each window had another stimulus", windows.different_stimuli),
    Rule("first-stimuli", TIMED, "the stimuli are the first of the label file", windows.first_stimuli),
    Rule("window-length", TIMED, "each window lasts at least {limit:g} s", windows.window_length),
    Rule("window-inferences", TIMED, "each window holds at least {limit} inferences", windows.window_inferences),
    Rule("warm-ups", TIMED, "every window is warmed up alike", run.warm_ups),
    Rule("read-back", TIMED, "every stimulus was compared in the DUT's memory", run.read_back),
    Rule("edges-match-commands", ENERGY, "edges and commands match one to one", samples.edges_match),
    Rule("no-lost-samples", ENERGY, "at most {limit:.3g} of a window's samples are lost", samples.no_lost_samples),
    Rule(
        "not-over-range",
        ENERGY,
        "at most {limit:.3g} of a window's samples are over range",
        samples.not_over_range,
    ),
    Rule("sample-clock", ENERGY, "sample period by the host over that stated: 1 ± {limit}", clocks.sample_clock),
    Rule(
        "lap-clock", ENERGY, "windows by the IO manager's laps over those by edges: 1 ± {limit}", clocks.lap_clock
    ),
    Rule("dut-clock", TIMED, "the DUT's clock over the monitor's or the host's: 1 ± {limit}", clocks.dut_clock),
    Rule("voltage", ENERGY, "voltage measured over voltage set: 1 ± {limit}", instrument.voltage),
    Rule("spread", TIMED, "(largest - smallest) / median of the windows is at most {limit}", windows.spread),
    Rule("drift", TIMED, "the windows drift by at most {limit} from first to last", windows.drift),
    Rule("accuracy-target", ALL, "the unrounded accuracy reaches the target", modes.accuracy_target),
    Rule("same-firmware", ALL, "the firmware is the same in all modes", modes.same_firmware),
    Rule("throughput-agrees", ENERGY, "as fast as in performance mode, within {limit}", modes.throughput_agrees),
    Rule("same-answers", TIMED, "each stimulus is answered as in the other sessions", modes.same_answers),
    Rule(
        "instrument-known", ENERGY, "make, model, serial and firmware of the monitor", instrument.instrument_known
    ),
    Rule("calibration", ENERGY, "due date not passed, or calibrated {limit} months ago", instrument.calibration),
    Rule("temperature", ENERGY, "surroundings of at least {limit} °C", instrument.temperature),
    Rule("uncertainty-complete", ENERGY, "every cause of uncertainty is counted", instrument.uncertainty_complete),
    Rule("not-simulated", ALL, "hardware was measured", run.not_simulated),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _TABLE}
