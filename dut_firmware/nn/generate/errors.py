# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a model."""


class UnusableModel(Exception):
    """The file is damaged, or holds something that the kernels or the target cannot run."""
