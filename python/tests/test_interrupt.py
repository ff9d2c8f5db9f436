"""Ctrl-C at random moments: it is raised, the run keeps its picture, and the process lives on.

How fast it is raised depends on the load of the machine, so no test says it; `interrupt.py` measures it.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("interrupt.py")


def interrupted(how: str, after: float, photo: Path, style: Path) -> None:
    program = [sys.executable, str(PROGRAM), how, str(after), str(photo), str(style)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "interrupted after" in done.stdout and "then painted" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Ctrl-C cannot be sent to oneself on this system")
@pytest.mark.parametrize("how", ["stylize", "steps", "callback"])
def test_ctrl_c_stops_a_run_and_leaves_its_picture(how: str, photo: Path, style: Path) -> None:
    interrupted(how, random.Random(how).uniform(0, 1), photo, style)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="Ctrl-C cannot be sent to oneself on this system")
@pytest.mark.parametrize("moment", range(30))
def test_ctrl_c_at_thirty_moments(moment: int, photo: Path, style: Path) -> None:
    chance = random.Random(moment)
    interrupted(chance.choice(["stylize", "steps", "callback"]), chance.uniform(0, 3), photo, style)
