# SPDX-License-Identifier: Apache-2.0
"""A port that cannot be opened: the message has its address and one thing to try, and no words of Python."""

import os
import socket
import sys
from typing import Literal

import pytest

from instruments.clock import VirtualClock
from instruments.errors import Unavailable
from instruments.links.make import make_link
from instruments.links.visa_calls import visa_errors


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _said(kind: Literal["stream", "scpi"], address: str) -> Unavailable:
    clock = VirtualClock()
    link = make_link(kind, address, "monitor", clock)
    with pytest.raises(Unavailable) as caught:
        link.open(clock.deadline(2.0))
    return caught.value


@pytest.mark.parametrize("address", ["/dev/null", "/dev", "/etc/passwd", "/dev/no-such-port"])
def test_what_is_no_serial_port_is_called_so(address: str) -> None:
    said = _said("stream", address)
    assert address in said.asked
    assert "energy-runner instruments list" in said.try_this


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_port_that_another_program_holds_is_called_busy() -> None:
    import pty

    first, second = pty.openpty()
    try:
        path = os.ttyname(second)
        held = make_link("stream", path, "other", VirtualClock())
        held.open(VirtualClock().deadline(1.0))
        said = _said("stream", path)
        held.close()
    finally:
        os.close(first)
        os.close(second)
    assert (said.came, said.try_this) == ("it is busy", "close the other program that uses the port")


@pytest.mark.parametrize("form", ["tcp://127.0.0.1:{}", "TCPIP0::127.0.0.1::{}::SOCKET"])
def test_a_port_where_nothing_listens_is_named(form: str) -> None:
    port = str(_closed_port())
    said = _said("scpi", form.format(port))
    assert port in said.asked
    assert "refused" in said.came
    assert said.try_this


@pytest.mark.parametrize(
    ("error", "came"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (
            ValueError("Please install linux-gpib to use this resource type.\nNo module named 'gpib'"),
            "Please install linux-gpib to use this resource type",
        ),
    ],
)
def test_a_librarys_error_comes_without_words_of_python(error: Exception, came: str) -> None:
    with pytest.raises(Unavailable) as caught, visa_errors("open it"):
        raise error
    assert caught.value.came == came
