# SPDX-License-Identifier: Apache-2.0
"""Lies that contradict nothing in their certificate: each alone, where nobody can tell, and with its session."""

from tests.support.wrong_certificates import changes as told
from tests.support.wrong_certificates.changes import OTHER_DIGEST, all_of, put
from tests.support.wrong_certificates.lying import SCORE, calibration, sampler, with_session

CASES = (
    *with_session(
        "energy-scaled",
        "every energy is 5 % less",
        told.energy_scaled(0.95),
        ("recomputed", "result.windows[0].energy_j"),
        ("recomputed", SCORE),
    ),
    *with_session(
        "energy-in-another-unit",
        "every energy is in mJ and called J",
        told.energy_scaled(1e3),
        ("recomputed", "result.windows[0].energy_j"),
    ),
    *with_session(
        "budget-halved", "the whole uncertainty is halved", told.budget_halved, ("recomputed", f"{SCORE}.U")
    ),
    *with_session(
        "window-dropped", "the worst window is left out", told.window_dropped, ("recomputed", "result.windows")
    ),
    *with_session(
        "hardware-claimed",
        "a simulated bench is called hardware throughout",
        told.hardware_everywhere,
        ("recomputed", "result.virtual"),
        ("recorded", "session.virtual"),
        ("recorded", "equipment.instruments[1].virtual"),
    ),
    *with_session(
        "serial-changed",
        "the instrument has another serial number",
        sampler(serial="X-1"),
        ("recorded", "equipment.instruments[1].serial"),
    ),
    *with_session(
        "serial-stated",
        "the instrument has another serial number, which the laboratory states",
        sampler(serial="X-1", serial_stated=True),
        ("recorded", "equipment.instruments[1].serial"),
    ),
    *with_session(
        "instrument-of-another-make",
        "another make and model has measured",
        sampler(make="Better", model="B-1"),
        ("recorded", "equipment.instruments[1].make"),
    ),
    *with_session(
        "instrument-settings",
        "the instrument had other settings",
        lambda one: told.sampler(one)["settings"].update(voltage_v=1),
        ("recorded", "equipment.instruments[1].settings"),
    ),
    *with_session(
        "stimulus-hash",
        "a stimulus has another digest",
        put("workload.stimuli.0.sha256", OTHER_DIGEST),
        ("recorded", "workload.stimuli"),
    ),
    *with_session(
        "file-hash",
        "a file of the session has another digest",
        put("session.files.1.sha256", OTHER_DIGEST),
        ("session-files", "stream.bin"),
    ),
    *with_session(
        "file-dropped",
        "a file of the session is not named",
        lambda one: one["session"]["files"].pop(),
        ("session-files", ""),
    ),
    *with_session(
        "curves-flattened", "the curve of the run is flat", told.curves_flattened, ("recorded", "curves.run")
    ),
    *with_session(
        "warm-ups",
        "there were more warm-up inferences",
        put("workload.warmups", 100),
        ("recorded", "workload.warmups"),
    ),
    *with_session(
        "voltage", "the voltage was another one", put("setup.voltages_v.0", 1.8), ("recorded", "setup.voltages_v")
    ),
    *with_session(
        "firmware-name",
        "the board gave another name",
        put("firmware.name", "better"),
        ("recorded", "firmware.name"),
    ),
    *with_session(
        "flashed-image-claimed",
        "it names a firmware that the session is said to have flashed",
        put("firmware.image", {"file": "app.elf", "sha256": OTHER_DIGEST, "source": "flashed in the session"}),
        ("recorded", "firmware.image"),
    ),
    *with_session(
        "measured-temperature-claimed",
        "it says that a thermometer was there",
        put("conditions.temperature_from", "thermometer"),
        ("recorded", "conditions.temperature_from"),
    ),
    *with_session(
        "bench-called-trusted",
        "it says that the session recorded the bench as trusted",
        put("trust", {"state": "trusted", "detail": "", "source": "the session"}),
        ("recorded", "trust.state"),
    ),
    *with_session(
        "calibration-applied",
        "it says that points of a calibration were used",
        calibration(used=True, source="calibration file of the bench", certificate="K-1"),
        ("recorded", "equipment.instruments[1].calibration"),
    ),
    *with_session(
        "session-renamed",
        "the session has another name",
        put("session.session_id", "best-of-nine"),
        ("recorded", "session.session_id"),
    ),
    *with_session(
        "session-date",
        "the session was measured later",
        put("session.started_utc", "2026-03-01T00:00:00.000Z"),
        ("recorded", "session.started_utc"),
    ),
    *with_session(
        "verdict-turned-with-performance",
        "a verdict is another one, and a performance session is said to have taken part",
        all_of(told.voltage_turned, told.judged_with("performance")),
        ("recomputed", "result.verdicts["),
    ),
    *with_session(
        "verdict-turned-with-accuracy",
        "a verdict is another one, and an accuracy session is said to have taken part",
        all_of(told.voltage_turned, told.judged_with("accuracy")),
        ("recomputed", "result.verdicts["),
    ),
    *with_session(
        "verdict-dropped-with-accuracy",
        "a verdict is left out, and an accuracy session is said to have taken part",
        all_of(told.judged_with("accuracy"), lambda one: one["result"]["verdicts"].pop()),
        ("recomputed", "result.verdicts"),
    ),
    *with_session(
        "verdict-turned-with-other-rules",
        "a verdict is another one, and the rule set has a digest that nobody knows",
        all_of(told.voltage_turned, told.judged_by_other_rules),
        ("recomputed", "result.verdicts["),
    ),
)
