"""Children are started, waited for and stopped; one that dies is noticed with what it said last."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from huiliu.cli.children import ChildDied, Children, free_port, stopping_on_signals
from huiliu.cli.errors import NoFreePort

HOST = "127.0.0.1"


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(HOST, port) > port


def test_a_free_port_is_taken_as_wanted_unless_it_is_promised_elsewhere() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    assert free_port(HOST, port) == port
    assert free_port(HOST, port, but_not=port) != port


def test_an_address_that_is_not_this_machines_has_no_free_port() -> None:
    with pytest.raises(NoFreePort):
        free_port("192.0.2.1", 8800)


def test_a_child_that_dies_is_noticed_with_its_last_words(tmp_path: Path) -> None:
    with Children(tmp_path, os.environ) as children:
        children.start("wrong", "no-such-command")
        with pytest.raises(ChildDied) as died:
            children.wait_for_answer(HOST, 1)
    assert died.value.name == "wrong"
    assert "no-such-command" in died.value.log_tail


def test_leaving_stops_every_child(tmp_path: Path) -> None:
    port = free_port(HOST, 18800)
    environ = dict(os.environ) | {"HUILIU_DATA_DIR": str(tmp_path)}
    with Children(tmp_path, environ) as children:
        children.start("rail", "simulate", "sandbox", "--port", str(port))
        children.wait_for_answer(HOST, port)
    assert free_port(HOST, port) == port


def test_a_termination_ends_the_program_as_ctrl_c_does_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stopping_on_signals():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
