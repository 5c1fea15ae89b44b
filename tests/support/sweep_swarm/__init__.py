# SPDX-License-Identifier: Apache-2.0
"""Workers of a sweep that are killed, frozen and disappointed at every step of their work.

`python -m tests.support.sweep_swarm` plays all cases: a process without threads, which has imported everything,
forks the processes of each.
"""
