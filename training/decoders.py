"""Trains the decoders of drafts. See README.md.

    python decoders.py FILE --pictures FOLDER --exclude JUDGED --run FOLDER [--steps 2000] [--nearest 0]

FILE holds published encoders and decoders (levels.py). The encoders stay unchanged; the decoders are trained further. A
step takes a content and a style through all levels, as a draft does, so that every decoder learns from pictures that
the decoder before it paints:

- Features: the decoded picture, encoded again, should have the features that were decoded.
- Style: decoded from moved features, the picture should have the style's moments in every block of the encoder, so that
  it has strokes and is not blurred. The published decoders were not trained for this.
- Pixels: decoded from its own features, a picture should stay the same.

`state.pt` is written every --save-every seconds and at the end; the same command continues from it, with the same
result. `levels.safetensors` has all tensors of FILE with the current decoders; levels.py makes the embedded file from
it.
"""

import argparse
import hashlib
import json
import os
import random
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from chain import decode, encode, moments, moved
from distil import asked_to_stop, rate_at
from export import in_order
from pictures import Crops, fingerprints, learned_and_held, squares

# Options that determine the result, besides the files: a run cannot continue with other values.
DECIDES = ("levels", "nearest", "own", "style", "pixels", "steps", "rate", "size", "seed")


def options():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("file", type=Path, help="published encoders and decoders")
    parser.add_argument("--pictures", type=Path, required=True, nargs="+", help="folders of photographs and paintings")
    parser.add_argument("--exclude", type=Path, nargs="+", default=[], help="folders of test pictures for drafts")
    parser.add_argument("--run", type=Path, required=True, help="folder of this run")
    parser.add_argument("--levels", type=int, nargs="+", default=[4, 3, 2, 1], help="the deepest first")
    parser.add_argument(
        "--nearest", type=float, default=0.0, help="nearest-neighbour part of enlarging; the rest is bilinear"
    )
    parser.add_argument("--own", type=float, default=0.3, help="part of the steps that decode a picture's own features")
    parser.add_argument("--style", type=float, default=1.0, help="weight of the style's moments")
    parser.add_argument("--pixels", type=float, default=10.0, help="weight of the pixels loss")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=0.002, help="of Adam, relative to each tensor's size")
    parser.add_argument("--size", type=int, default=256, help="sides of crops, a multiple of 8")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stop-at", type=int, default=10**9, help="stop at this step; the same command continues")
    parser.add_argument("--report", type=int, default=100, help="steps between two lines of the curve")
    parser.add_argument("--save-every", type=float, default=120, help="seconds")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def apart(found, wanted):
    """Squared distance of two pairs of moments, relative to the wanted ones."""
    return sum((f - w).square().sum() / w.square().sum().clamp_min(1e-12) for f, w in zip(found, wanted))


class Run:
    def __init__(self, given):
        self.given = given
        torch.set_num_threads(given.threads)
        self.tensors = {name: tensor.float().to(given.device) for name, tensor in load_file(given.file).items()}
        kept = tuple(f"{kind}{level}." for kind in ("encoder", "decoder") for level in given.levels)
        self.tensors = {name: tensor for name, tensor in self.tensors.items() if name.startswith(kept)}
        learned = {name: tensor for name, tensor in self.tensors.items() if name.startswith("decoder")}
        if not learned:
            raise SystemExit(
                f"error: {given.file} has no decoders of levels {given.levels}\n"
                "hint: tensors such as decoder4.conv4_1.weight"
            )
        for tensor in learned.values():
            tensor.requires_grad_(True)
        # The sizes of tensors differ by powers of ten between levels, so a step is relative to the size.
        groups = [
            {"params": [tensor], "size": float(tensor.detach().square().mean().sqrt())} for tensor in learned.values()
        ]
        self.adam = torch.optim.Adam(groups, lr=given.rate, betas=(0.9, 0.99))
        natural, held = learned_and_held(given.pictures, fingerprints(given.exclude))
        self.crops = Crops(natural, [], given.seed)
        self.held = squares(held, given.size)[:16]
        self.step = 0
        given.run.mkdir(parents=True, exist_ok=True)
        self.state = given.run / "state.pt"
        if self.state.exists():
            self.resume()

    def resume(self):
        saved = torch.load(self.state, map_location=self.given.device, weights_only=True)
        for name in DECIDES:
            if saved["given"][name] != getattr(self.given, name):
                raise SystemExit(
                    f"error: {self.given.run} was begun with --{name} {saved['given'][name]}\nhint: another --run"
                )
        with torch.no_grad():
            for name, tensor in saved["decoders"].items():
                self.tensors[name].copy_(tensor)
        self.adam.load_state_dict(saved["adam"])
        self.step = saved["step"]
        curve = self.given.run / "curve.jsonl"
        if curve.exists():
            lines = curve.read_text().splitlines(keepends=True)
            curve.write_text("".join(line for line in lines if json.loads(line)["step"] <= self.step))
        print(f"goes on from step {self.step}", flush=True)

    def save(self):
        decoders = {name: tensor.detach().clone() for name, tensor in self.tensors.items() if tensor.requires_grad}
        if not all(tensor.isfinite().all() for tensor in decoders.values()):
            raise SystemExit("error: a weight is not finite\nhint: a smaller --rate")
        everything = {name: tensor.detach().cpu().contiguous() for name, tensor in self.tensors.items()}
        partial = self.given.run / "levels.part"
        partial.write_bytes(in_order(to_bytes(everything, self.facts())))
        partial.replace(self.given.run / "levels.safetensors")
        given = {name: getattr(self.given, name) for name in DECIDES}
        partial = self.state.with_suffix(".part")
        torch.save({"decoders": decoders, "adam": self.adam.state_dict(), "step": self.step, "given": given}, partial)
        partial.replace(self.state)

    def facts(self):
        """The embedded file's metadata, besides the constants in levels.py."""
        given = self.given
        return {
            "enlarging": f"nearest {given.nearest:g}, bilinear {1 - given.nearest:g}",
            "source_sha256": hashlib.sha256(given.file.read_bytes()).hexdigest(),
            "training": f"decoders: {self.step} steps from the published ones, style weight {given.style:g}, "
            f"seed {given.seed}, {len(self.crops.natural)} pictures",
        }

    def level(self, level, picture, style, own):
        """The picture that a level paints, and the parts of its loss."""
        seen = encode(self.tensors, level, picture)[-1].detach()
        styles = [features.detach() for features in encode(self.tensors, level, style)]
        features = seen if own else moved(seen, styles[-1])
        painted = decode(self.tensors, level, features, self.given.nearest)
        again = encode(self.tensors, level, painted)
        parts = {"features": (again[-1] - features).square().mean() / features.var().clamp_min(1e-12)}
        if own:
            parts["pixels"] = (painted - picture).square().mean()
        else:
            # The feature term covers the level itself.
            pairs = zip(again[:-1] or again, styles)
            parts["style"] = sum(apart(moments(found), moments(wanted)) for found, wanted in pairs) / len(again)
        return painted.detach().clamp(0, 1), parts

    def losses(self, content, style, own):
        """{level: parts of its loss}; also computes the gradients of the decoders."""
        weights = {"features": 1.0, "style": self.given.style, "pixels": self.given.pixels}
        picture, found = content, {}
        for level in self.given.levels:
            picture, parts = self.level(level, picture, style, own)
            if torch.is_grad_enabled():
                sum(weights[name] * part for name, part in parts.items()).backward()
            found[level] = {name: float(part.detach()) for name, part in parts.items()}
        return found

    def pair(self, step):
        dice = random.Random(f"{self.given.seed} {step}")
        content, style = (self.crops.crop(self.crops.natural, self.given.size, dice)[None] for _ in range(2))
        return content.to(self.given.device), style.to(self.given.device), dice.random() < self.given.own

    @torch.no_grad()
    def judge(self):
        """Mean losses on the held-out pictures, each with the next one as its style."""
        count, sums = len(self.held), {}
        for at in range(count):
            content, style = self.held[at : at + 1], self.held[(at + 1) % count][None]
            found = self.losses(content.to(self.given.device), style.to(self.given.device), False)
            for level, parts in found.items():
                for name, part in parts.items():
                    key = f"{level} {name}"
                    sums[key] = sums.get(key, 0) + part / count
        return {key: round(value, 5) for key, value in sums.items()}

    def report(self):
        line = json.dumps({"step": self.step, "held": self.judge()})
        with open(self.given.run / "curve.jsonl", "a") as curve:
            curve.write(line + "\n")
        print(line, flush=True)

    def go(self):
        given, saved, stop = self.given, time.time(), asked_to_stop()
        if self.step == 0:
            self.report()
        while not stop and self.step < min(given.steps, given.stop_at):
            for group in self.adam.param_groups:
                group["lr"] = rate_at(self.step, given.steps, given.rate) * group["size"]
            self.adam.zero_grad(set_to_none=True)
            self.losses(*self.pair(self.step))
            self.adam.step()
            self.step += 1
            if self.step % given.report == 0 or self.step == given.steps:
                self.report()
            if time.time() - saved > given.save_every:
                self.save()
                saved = time.time()
        self.save()


if __name__ == "__main__":
    Run(options()).go()
