# SPDX-License-Identifier: Apache-2.0
"""Drive and simulate the devices of an energy bench: the control layer, independent of any benchmark."""

# InstrumentKit installs a top-level package of the same name. `energy_runner` looks for this mark and refuses to
# start without it, because the wrong package would fail much later and with a less clear error.
CONTROL_LAYER_OF = "energy-runner"
