# SPDX-License-Identifier: Apache-2.0
"""Make sure that `instruments` is our control layer: InstrumentKit installs a package of the same name."""

from energy_runner.errors import ConfigurationError


def refuse_shadowed_instruments() -> None:
    """Raise `ConfigurationError` if another package is imported as `instruments`."""
    import instruments

    if getattr(instruments, "CONTROL_LAYER_OF", None) != "energy-runner":
        raise ConfigurationError(
            f"the package 'instruments' at {instruments.__file__} is not energy-runner's: another package "
            "(InstrumentKit uses the same name) hides it; install energy-runner in an environment of its own"
        )
