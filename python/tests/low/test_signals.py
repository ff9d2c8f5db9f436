"""Ctrl-C during work of the low level, and a process that was forked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

WAIT = 300
"""Seconds after which a child that does not end counts as hung. It is no measure of speed."""

LOOP = """
import numpy as np, impasto
encoder, x = impasto.Encoder("lite"), np.full((256, 256, 3), 0.5, np.float32)
encoder.record(x, style="relu1_1")
try:
    # In here, so that a signal that follows at once is caught too.
    print("ready", flush=True)
    while True:
        encoder.record(x, style=encoder.layers)
except KeyboardInterrupt:
    tape = encoder.record(x, style="relu1_1")
    tape.pull_back(gram=tape.gram)
    print("interrupted, and works on", flush=True)
"""

FORK = """
import os, numpy as np, impasto
encoder, x = impasto.Encoder("lite"), np.full((32, 32, 3), 0.5, np.float32)
encoder.features(x, "relu1_1")
child = os.fork()
if child == 0:
    try:
        encoder.features(x, "relu1_1")
    except impasto.Error as error:
        os._exit(7 if "fork" in str(error) else 8)
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for children")
def test_ctrl_c_interrupts_and_the_encoder_works_on() -> None:
    with subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=WAIT)
    assert out == "interrupted, and works on\n" and child.returncode == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_is_told_and_does_not_hang() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=WAIT, check=True)
    assert done.stdout.strip() == "7"
