"""Interrupts a run by Ctrl-C, and says after how many milliseconds the exception came. See test_interrupt.py.

    python interrupt.py stylize|steps|callback SECONDS CONTENT STYLE [SIZE]
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import impasto

how, after, content, style = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
size = int(sys.argv[5]) if len(sys.argv) > 5 else 160
options = {"size": size, "iterations": 100000, "plateau": 0}
sent: list[float] = []


def interrupt() -> None:
    time.sleep(after)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)


run = None
try:
    transfer = impasto.StyleTransfer(content, style, **options)
    if how == "steps":
        run = transfer.start()
        next(run)
        threading.Thread(target=interrupt).start()
        for _ in run:
            pass
    else:
        threading.Thread(target=interrupt).start()
        impasto.stylize(content, style, callback=(lambda step: None) if how == "callback" else None, **options)
except KeyboardInterrupt as raised:
    print(f"interrupted after {1e3 * (time.perf_counter() - sent[0]):.0f} ms")
    run = run or getattr(raised, "run", None)
if run is not None:
    run.stop()
    try:
        print("kept", run.result())
    except impasto.Error as none:
        # It was interrupted before its first picture.
        assert none.interrupted, none
print("then painted", impasto.stylize(content, style, size=32, iterations=2, min_size=32))
