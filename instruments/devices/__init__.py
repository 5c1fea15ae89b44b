"""One package for each device: protocol, driver, twin, specification."""
