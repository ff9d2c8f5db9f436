"""Measures what a picture in blocks costs besides its own work: two blocks of 2048 pixels, in a local Ray cluster.

    python benches/gigantic.py [--side 2048] [--steps 6] [--model lite]

A step lasts from one report of the judge to the next. Work is the time in the native library, the halo's share
included: for each call that all workers make at once, that of the one that takes longest. The rest is communication and
scheduling.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import impasto
from impasto.ray._gigantic import gigantic


def picture(width: int, height: int, seed: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] / 32.0
    waves = [np.sin(x * (1 + 0.3 * c) + seed) * np.cos(y * (0.7 + 0.2 * c)) for c in range(3)]
    noise = np.random.default_rng(seed).random((height, width, 3)) * 0.3
    return ((np.stack(waves, -1) * 0.3 + 0.35 + noise).clip(0, 1) * 255).astype(np.uint8)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--side", type=int, default=2048)
    arguments.add_argument("--steps", type=int, default=6)
    arguments.add_argument("--model", default="lite")
    asked = arguments.parse_args()
    # The cluster is on this machine alone, and leaves no token behind.
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory() as folder:
        content, style = Path(folder, "content.png"), Path(folder, "style.png")
        impasto.save(picture(2 * asked.side, asked.side, 1), content)
        impasto.save(picture(512, 512, 2), style)
        events: list[tuple[float, dict[str, Any]]] = []
        gigantic(
            content,
            style,
            Path(folder, "out.png"),
            size=2 * asked.side,
            min_size=2 * asked.side,
            iterations=asked.steps,
            init="content",
            model=asked.model,
            blocks=(2, 1),
            spread_above=asked.side,
            workers=2,
            cpus_per_worker=1,
            checkpoint_every=10**6,
            callback=lambda event: events.append((time.perf_counter(), event)),
        )
    steps = [(at, event) for at, event in events if event["event"] == "step"]
    # A report comes before the pixels have moved: a step lasts from report to report. The first has the start in it.
    lasts = [after - before for (before, _), (after, _) in zip(steps, steps[1:], strict=False)]
    works = [event["busy_seconds"] for _, event in steps[2:]]
    judges = [event["judge_seconds"] for _, event in steps[1:]]
    step, work, judge = (statistics.median(values) for values in (lasts[1:], works, judges))
    print(f"two blocks of {asked.side} x {asked.side}, {asked.model}, one processor each")
    print(f"step:                         {step:8.3f} s (median of {len(lasts) - 1})")
    print(f"work in blocks:               {work:8.3f} s")
    print(f"judge:                        {judge:8.3f} s")
    rest = step - work - judge
    print(f"communication and scheduling: {rest:8.3f} s, {100 * rest / step:.1f} % of the step")
    ray.shutdown()


if __name__ == "__main__":
    main()
