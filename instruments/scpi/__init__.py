# SPDX-License-Identifier: Apache-2.0
"""Parts shared by all SCPI instruments and their twins."""
