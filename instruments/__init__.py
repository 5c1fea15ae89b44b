"""Drive and imitate the boxes of an energy bench: the control layer, free of any benchmark."""

# InstrumentKit installs a top-level package of the same name; `energy_runner` looks for this mark and
# refuses to start when it is missing, because the wrong package would fail much later and less plainly.
CONTROL_LAYER_OF = "energy-runner"
