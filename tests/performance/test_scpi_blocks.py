# SPDX-License-Identifier: Apache-2.0
"""SCPI blocks through pyvisa-py's raw socket against a plain socket that reads the same bytes, in the same run.

Both are read in turn, from the same server. A busy neighbour slows either of them, so each is taken at its best.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from instruments.clock import RealClock
from instruments.links.visa import VisaLink
from instruments.scpi.blocks import format_block
from instruments.scpi.session import ScpiSession

CLOCK = RealClock()
BLOCK_BYTES = 4 << 20  # a second of FastLog at its highest rate
ROUNDS = 40
LEAST_RATIO = 0.5
CONTENTS = {
    "floats": np.random.default_rng(1).normal(0.01, 0.003, BLOCK_BYTES // 4).astype("<f4").tobytes(),
    "line feeds": b"\n" * BLOCK_BYTES,
}


@contextmanager
def instrument(data: bytes) -> Iterator[int]:
    """Answer every query on a TCP port with one block, and the session's token with itself; yield the port."""
    answer = format_block(data) + b"\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection = listener.accept()[0]
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    token = line.removeprefix(b"*ESE ").partition(b";")[0]
                    connection.sendall(token + b"\n" if line.startswith(b"*ESE") else answer)

        threads = [threading.Thread(target=run, name=f"block server {number}") for number in range(2)]
        for thread in threads:
            thread.start()
        yield listener.getsockname()[1]
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


def seconds(read: Callable[[], bytes | bytearray], expected: bytes) -> float:
    began_ns = CLOCK.now_ns()
    data = read()
    took_s = (CLOCK.now_ns() - began_ns) * 1e-9
    assert data == expected
    return took_s


def plainly(connection: socket.socket, length: int) -> bytearray:
    """Read a block and its line end as one does who knows how long they are."""
    connection.sendall(b"FETC?\n")
    head = len(format_block(bytes(length))) - length
    received = bytearray()
    while len(received) < head + length + 1:
        received += connection.recv(1 << 20)
    return received[head:-1]


@pytest.mark.parametrize("content", CONTENTS)
def test_blocks_through_pyvisa_are_at_least_half_as_fast_as_a_plain_socket(content: str) -> None:
    data = CONTENTS[content]
    plain_s, visa_s = [], []
    with instrument(data) as port, socket.create_connection(("127.0.0.1", port)) as connection:
        link = VisaLink(f"TCPIP0::127.0.0.1::{port}::SOCKET")
        link.open(CLOCK.deadline(10))
        session = ScpiSession(link, "monitor")
        session.synchronise(CLOCK.deadline(10))
        for _ in range(ROUNDS):
            plain_s.append(seconds(lambda: plainly(connection, len(data)), data))
            visa_s.append(seconds(lambda: session.ask_block("FETC?", BLOCK_BYTES, CLOCK.deadline(20)), data))
        link.close()
    ratio = min(plain_s) / min(visa_s)
    print(f"{content}: plain {len(data) / min(plain_s) / 1e6:.0f} MB/s, pyvisa-py {ratio:.2f} of that")
    assert ratio >= LEAST_RATIO
