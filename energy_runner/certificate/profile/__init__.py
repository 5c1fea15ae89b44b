# SPDX-License-Identifier: Apache-2.0
"""What the laboratory states: a profile in TOML, and the questions whose answers it holds."""
