"""One room a device: protocol, driver, twin, specification."""
