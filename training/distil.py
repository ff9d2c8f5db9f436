"""Distils a small VGG from a teacher. See README.md.

    python distil.py --teacher TEACHER.safetensors --pictures FOLDER --run FOLDER [--width 0.375] [--steps 20000]

The folder of a run holds everything: `state.pt` is written every --save-every seconds and after --minutes, and the same
command continues from it; `curve.jsonl` has a line for every report; `student.safetensors` is the current network.
"""

import argparse
import json
import os
import random
import signal
import time
from pathlib import Path

import torch

from export import mean_squares, rescaled, write
from losses import Heads, at, kernel, pick
from network import Design, File, Teacher, Vgg
from pictures import Crops, fingerprints, learned_and_held, read_folder, squares

STYLE = ("1_1", "2_1", "3_1", "4_1", "5_1")
CONTENT = ("4_2",)


def options():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--teacher", type=Path, required=True, help="a canonical file: impasto models import FILE -o TEACHER"
    )
    parser.add_argument("--pictures", type=Path, required=True, nargs="+", help="folders of photographs and paintings")
    parser.add_argument("--exclude", type=Path, nargs="+", default=[], help="folders of test pictures")
    parser.add_argument("--unfinished", type=Path, help="folder of half-finished stylisations (unfinished.py)")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run")
    parser.add_argument("--begin", type=Path, help="a canonical file to begin from, not wider than the student")
    parser.add_argument("--width", type=float, default=0.375, help="relative to VGG-19's widths")
    parser.add_argument("--widths", type=int, nargs=5, help="widths of the five blocks, in place of --width")
    parser.add_argument("--lengths", type=int, nargs=5, default=(2, 2, 4, 4, 1), help="convolutions of each block")
    parser.add_argument("--pooling", choices=["max", "average"], default="max")
    parser.add_argument("--padding", choices=["zero", "replicate-first"], default="zero", help="padding of the student")
    parser.add_argument(
        "--predict",
        choices=["clipped", "linear", "own"],
        default="clipped",
        help="the heads' predictions, or the teacher's features",
    )
    parser.add_argument("--heads", type=float, default=1.0, help="weight of the heads' loss")
    parser.add_argument("--kernel", type=float, default=1.0, help="weight of the inner products' loss")
    parser.add_argument(
        "--space", choices=["head", "own"], default="head", help="space of the student's inner products"
    )
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--freeze", type=float, default=0.3, help="last part of the steps, with frozen normalisations")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--rows", type=int, default=1024, help="positions of a layer that a step uses")
    parser.add_argument("--pixels", type=int, default=8 * 128 * 128, help="pixels of a step")
    parser.add_argument(
        "--margins",
        type=int,
        nargs="+",
        default=[0],
        help="mirrored pixels around the student's pictures; a step uses one of these",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many; the same command continues")
    parser.add_argument("--stop-at", type=int, default=10**9, help="stop at this step; the same command continues")
    parser.add_argument("--report", type=int, default=100, help="steps between two lines of the curve")
    parser.add_argument("--save-every", type=float, default=120, help="seconds")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--bf16", action="store_true", help="convolutions in bfloat16: for GPUs; slower on most CPUs")
    return parser.parse_args()


def rate_at(step, steps, rate):
    """Rises over the first 2 %, then falls by a cosine to a hundredth."""
    warm = max(1, steps // 50)
    if step < warm:
        return rate * (step + 1) / warm
    part = (step - warm) / max(1, steps - warm)
    return rate * (0.01 + 0.99 * 0.5 * (1 + float(torch.cos(torch.tensor(torch.pi * part)))))


def asked_to_stop():
    """A list that becomes non-empty when a signal asks the run to save and stop."""
    asked = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.append(True))
    return asked


class Run:
    def __init__(self, given):
        self.given, self.began = given, time.time()
        torch.manual_seed(given.seed)
        torch.set_num_threads(given.threads)
        self.layers = STYLE + CONTENT
        self.teacher = Teacher(File.read(given.teacher), given.predict == "clipped", given.predict == "own").to(
            given.device
        )
        self.teacher.vgg.to(memory_format=torch.channels_last)
        design = Design.vgg19(given.width, given.pooling, given.padding)
        widths = given.widths or [block[0] for block in design.blocks]
        design = Design(tuple((w,) * n for w, n in zip(widths, given.lengths)), given.pooling, given.padding)
        self.student = Vgg(design)
        missing = set(self.layers) - {f"{block}_{place}" for block, place, *_ in design.convs}
        if missing:
            raise SystemExit(
                f"error: the student has no relu{', relu'.join(sorted(missing))}\nhint: more convolutions by --lengths"
            )
        if not self.teacher.heads:
            print("the teacher has no heads: it is its own features that are learned", flush=True)
        without = fingerprints(given.exclude)
        unfinished = read_folder(given.unfinished, without) if given.unfinished else []
        natural, self.held = learned_and_held(given.pictures, without)
        self.judged = squares(self.held, 192)[:16]
        self.crops = Crops(natural, unfinished, given.seed, given.pixels)
        if given.begin:
            # Units near 1 suit the steps of the optimiser.
            begin = File.read(given.begin)
            found = mean_squares(begin, self.held)
            ones = dict.fromkeys(found[0], 1.0)
            self.student.widen(rescaled(begin, found, (ones, ones)))
        else:
            self.student.input_weight.copy_(self.teacher.vgg.input_weight)
            self.student.input_bias.copy_(self.teacher.vgg.input_bias)
        self.student.unit_input()
        self.student.to(given.device, memory_format=torch.channels_last)
        widths = {f"{b}_{p}": out for b, p, _, out in design.convs if f"{b}_{p}" in self.layers}
        self.heads = Heads(widths, self.teacher.widths(self.layers)).to(given.device)
        if given.begin:
            self.student.settle(self.crops.batch(-1).to(given.device))
        learned = [*self.student.parameters(), *self.heads.parameters()]
        self.adam = torch.optim.Adam(learned, lr=given.rate, betas=(0.9, 0.99))
        self.step, self.seconds = 0, 0.0
        given.run.mkdir(parents=True, exist_ok=True)
        self.state = given.run / "state.pt"
        if self.state.exists():
            saved = torch.load(self.state, map_location="cpu", weights_only=True)
            for name, value in self.decides().items():
                if saved["given"].get(name) != value:
                    raise SystemExit(
                        f"error: {given.run} was begun with {name} {saved['given'].get(name)}, not {value}\n"
                        "hint: another --run"
                    )
            self.student.load_state_dict(saved["student"])
            self.heads.load_state_dict(saved["heads"])
            self.adam.load_state_dict(saved["adam"])
            self.step, self.seconds = saved["step"], saved["seconds"]
            self.forget_after(self.step)
            print(f"goes on from step {self.step}", flush=True)
        else:
            self.begin()

    def decides(self):
        """The options that determine the result: a run cannot continue with other values."""
        free = {
            "run",
            "minutes",
            "stop_at",
            "report",
            "save_every",
            "device",
            "threads",
            "teacher",
            "pictures",
            "exclude",
            "unfinished",
            "begin",
        }
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in vars(self.given).items()
            if name not in free
        }

    def forget_after(self, step):
        """Deletes lines of the curve that were written after the last save."""
        curve = self.given.run / "curve.jsonl"
        if curve.exists():
            lines = curve.read_text().splitlines(keepends=True)
            curve.write_text("".join(line for line in lines if json.loads(line)["step"] <= step))

    def rows(self, batch, step, margin=None):
        """{layer: (rows of the student, rows to predict)}."""
        if margin is None:
            margin = random.Random(f"margin {self.given.seed} {step}").choice(self.given.margins)
        generator = torch.Generator().manual_seed(step + 1)
        with torch.autocast(self.given.device, torch.bfloat16, enabled=self.given.bf16):
            wanted = self.teacher(batch, self.layers, margin)
            found = self.student.inside(batch, self.layers, margin)
        rows = {}
        for layer in self.layers:
            own, chosen = pick(wanted[layer], self.given.rows, generator)
            rows[layer] = (at(found[layer], chosen), self.teacher.predict(layer, own))
        return rows

    @torch.no_grad()
    def begin(self):
        """Fits the heads to the student's initial features."""
        self.student.train(self.given.begin is None)
        seen = [self.rows(self.crops.batch(-step).to(self.given.device), step) for step in range(2, 34)]
        for layer in self.layers:
            student, target = (torch.cat([rows[layer][side] for rows in seen]) for side in (0, 1))
            self.heads.solve(layer, student, target)

    def losses(self, batch, step, margin=None):
        parts = {}
        for layer, (student, target) in self.rows(batch, step, margin).items():
            # For content, an engine uses the features themselves.
            mapped = self.given.space == "head" and layer in STYLE
            inner = self.heads.maps[layer](student) if mapped else student
            parts[layer] = (self.heads(layer, student, target), kernel(inner, target))
        return parts

    def save(self):
        # The maps are saved as heads; export turns them into metrics.
        about = (
            f"distilled on {len(self.crops.natural)} pictures "
            f"({self.step} steps of {self.given.pixels} pixels, seed {self.given.seed})"
        )
        seen = STYLE if self.given.space == "head" else ()
        maps = {
            f"head{layer}.weight": linear.weight.detach() for layer, linear in self.heads.maps.items() if layer in seen
        }
        # This comes first, because it refuses values that are not finite.
        write(self.given.run / "student.safetensors", self.student, maps, {"source": about})
        saved = {"student": self.student.state_dict(), "heads": self.heads.state_dict(), "adam": self.adam.state_dict()}
        partial = self.state.with_suffix(".part")
        torch.save(saved | {"step": self.step, "seconds": self.seconds, "given": self.decides()}, partial)
        partial.replace(self.state)

    @torch.no_grad()
    def judge(self):
        """Losses on the held-out pictures, by layer, with the first of the margins."""
        self.student.eval()
        parts = self.losses(self.judged.to(self.given.device), 0, self.given.margins[0])
        self.student.train()
        return {layer: [round(value.item(), 5) for value in values] for layer, values in parts.items()}

    def go(self):
        given, began, saved = self.given, time.time(), time.time()
        until = self.began + given.minutes * 60
        stop = asked_to_stop()
        before = self.seconds
        self.student.train()
        last = min(given.steps, given.stop_at)
        while not stop and self.step < last and time.time() < until:
            if self.step >= given.steps * (1 - given.freeze):
                for norm in self.student.norms.values():
                    norm.eval()
            for group in self.adam.param_groups:
                group["lr"] = rate_at(self.step, given.steps, given.rate)
            parts = self.losses(self.crops.batch(self.step).to(given.device), self.step)
            loss = sum(given.heads * head + given.kernel * inner for head, inner in parts.values())
            self.adam.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.student.parameters(), 5.0)
            self.adam.step()
            self.step += 1
            self.seconds = before + time.time() - began
            if self.step % given.report == 0 or self.step == given.steps:
                line = {
                    "step": self.step,
                    "seconds": round(self.seconds, 1),
                    "loss": round(loss.item(), 5),
                    "held": self.judge(),
                }
                with open(given.run / "curve.jsonl", "a") as curve:
                    curve.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)
            if time.time() - saved > given.save_every:
                self.save()
                saved = time.time()
        self.save()


if __name__ == "__main__":
    Run(options()).go()
