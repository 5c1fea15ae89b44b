# SPDX-License-Identifier: Apache-2.0
"""Temperature sensors that the Linux kernel reads: hwmon and iio."""
