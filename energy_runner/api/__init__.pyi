# SPDX-License-Identifier: Apache-2.0
"""The API for type checkers and editors: everything that its modules export."""

from energy_runner.api.analysis import *
from energy_runner.api.baselines import *
from energy_runner.api.bench_trust import *
from energy_runner.api.benches import *
from energy_runner.api.calibrations import *
from energy_runner.api.certificate_catalogue import *
from energy_runner.api.certificates import *
from energy_runner.api.comparisons import *
from energy_runner.api.hands_on import *
from energy_runner.api.instruments import *
from energy_runner.api.keys import *
from energy_runner.api.known_loads import *
from energy_runner.api.plans import *
from energy_runner.api.power_tests import *
from energy_runner.api.profiles import *
from energy_runner.api.published import *
from energy_runner.api.recordings import *
from energy_runner.api.recovery import *
from energy_runner.api.regions import *
from energy_runner.api.reports import *
from energy_runner.api.rules import *
from energy_runner.api.runs import *
from energy_runner.api.seal import *
from energy_runner.api.session_list import *
from energy_runner.api.sessions import *
from energy_runner.api.stimuli import *
from energy_runner.api.submission import *
from energy_runner.api.sweep_computers import *
from energy_runner.api.sweep_nights import *
from energy_runner.api.sweep_plans import *
from energy_runner.api.sweep_reading import *
from energy_runner.api.sweeps import *
from energy_runner.api.tables import *
from energy_runner.api.thinning import *
from energy_runner.api.verification import *
