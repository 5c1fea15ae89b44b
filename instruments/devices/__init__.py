# SPDX-License-Identifier: Apache-2.0
"""One package for each device: protocol, driver, twin, specification."""
