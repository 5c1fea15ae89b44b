# SPDX-License-Identifier: Apache-2.0
"""Sweeps beyond one computer: dask.distributed carries "serve this sweep on that bench", and nothing else."""
