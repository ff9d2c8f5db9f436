"""A VGG of any widths in PyTorch, for training and as the teacher, and Impasto's canonical file.

The canonical file is safetensors: `convB_I.weight` [out, in, 3, 3] and `.bias` [out], and the affine map from RGB 0..1
to the network's input as `input.weight` [3, 3] and `input.bias` [3]. A compressed network may also have linear heads
`headB_I.weight` [VGG-19's width, out] and `.bias`, which predict VGG-19's features, for training; or metrics
`metricB_I.weight` [out, out], symmetric, which style losses apply to a layer's features. `impasto models import` makes
any file that Impasto reads canonical.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import nn

# Torch's names of the values beyond the edge.
PADDINGS = {"reflect": "reflect", "replicate": "replicate"}


@dataclass(frozen=True)
class Design:
    """A network without its weights."""

    # Output widths of each block's convolutions.
    blocks: tuple[tuple[int, ...], ...]
    pooling: str = "max"  # max | average
    padding: str = "zero"  # zero | replicate-first | replicate | reflect

    @property
    def convs(self):
        """(block, place, inputs, outputs) of each convolution, counted from 1."""
        found, inputs = [], 3
        for block, widths in enumerate(self.blocks, 1):
            for place, outputs in enumerate(widths, 1):
                found.append((block, place, inputs, outputs))
                inputs = outputs
        return found

    @staticmethod
    def vgg19(width: float, pooling="max", padding="zero"):
        """VGG-19's layout to relu5_1, every width multiplied."""
        widths = [max(1, round(width * full)) for full in (64, 128, 256, 512, 512)]
        blocks = tuple((w,) * n for w, n in zip(widths, (2, 2, 4, 4, 1)))
        return Design(blocks, pooling, padding)


@dataclass
class File:
    """A canonical file, in memory: f32 tensors by name and metadata."""

    design: Design
    tensors: dict[str, torch.Tensor]
    metadata: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def read(path: Path):
        wrong = SystemExit(
            f"error: {path} is not a canonical file\nhint: impasto models import {path} -o OUT.safetensors"
        )
        try:
            with safe_open(str(path), "pt") as opened:
                tensors = {name: opened.get_tensor(name).float() for name in opened.keys()}
                metadata = opened.metadata() or {}
        except SafetensorError:
            raise wrong from None
        blocks = {}
        for name, tensor in tensors.items():
            if found := re.fullmatch(r"conv(\d+)_(\d+)\.weight", name):
                blocks.setdefault(int(found[1]), {})[int(found[2])] = tensor.shape[0]
        if not blocks or "input.weight" not in tensors:
            raise wrong
        shape = tuple(tuple(width for _, width in sorted(places.items())) for _, places in sorted(blocks.items()))
        design = Design(shape, metadata.get("pooling", "max"), metadata.get("padding", "zero"))
        if design.pooling not in ("max", "average") or design.padding not in ("zero", "replicate-first", *PADDINGS):
            raise SystemExit(f"error: {path}: {design.pooling} pooling or {design.padding} padding is not known here")
        return File(design, tensors, metadata)

    @property
    def heads(self):
        """(weight, bias) by layer, such as 1_1."""
        layers = [name[4:-7] for name in self.tensors if name.startswith("head") and name.endswith(".weight")]
        return {layer: (self.tensors[f"head{layer}.weight"], self.tensors.get(f"head{layer}.bias")) for layer in layers}


def convolved(x, conv, padding):
    """A 3x3 convolution that keeps the size; `padding` gives the values beyond the edge."""
    if padding == "zero":
        return F.conv2d(x, conv.weight, conv.bias, padding=1)
    return conv(F.pad(x, (1, 1, 1, 1), PADDINGS[padding]))


def padding_at(design, layer):
    if design.padding == "replicate-first":
        return "replicate" if layer == "1_1" else "zero"
    return design.padding


def pooled(x, pooling):
    return F.avg_pool2d(x, 2) if pooling == "average" else F.max_pool2d(x, 2)


class Vgg(nn.Module):
    """Convolution, batch normalisation (while training), ReLU; 2x2 pooling between blocks. Layers have names such as
    4_2."""

    def __init__(self, design: Design, normalised=True):
        super().__init__()
        self.design = design
        self.register_buffer("input_weight", torch.eye(3))
        self.register_buffer("input_bias", torch.zeros(3))
        self.convs, self.norms = nn.ModuleDict(), nn.ModuleDict()
        for block, place, inputs, outputs in design.convs:
            layer = f"{block}_{place}"
            self.convs[layer] = nn.Conv2d(inputs, outputs, 3)
            nn.init.kaiming_normal_(self.convs[layer].weight, nonlinearity="relu")
            nn.init.zeros_(self.convs[layer].bias)
            self.norms[layer] = nn.BatchNorm2d(outputs, momentum=0.02) if normalised else nn.Identity()

    def forward(self, rgb, layers=None):
        """{layer: features} for the requested layers; rgb is [n, 3, h, w] in 0..1."""
        x = torch.einsum("oc,nchw->nohw", self.input_weight, rgb) + self.input_bias[None, :, None, None]
        x = x.contiguous(memory_format=torch.channels_last)
        found, block = {}, "1"
        for layer, conv in self.convs.items():
            if layer[0] != block:
                x, block = pooled(x, self.design.pooling), layer[0]
            x = F.relu(self.norms[layer](convolved(x, conv, padding_at(self.design, layer))))
            if layers is None or layer in layers:
                found[layer] = x
                if layers is not None and len(found) == len(layers):
                    break
        return found

    def inside(self, rgb, layers, margin):
        """Features of pictures with a mirrored margin, which is cut off again, as in Impasto.

        The sides of the pictures and the margin must be multiples of the last layer's stride.
        """
        if margin == 0:
            return self(rgb, layers)
        stride = 2 ** (max(int(layer[0]) for layer in layers) - 1)
        if any(length % stride for length in (margin, *rgb.shape[2:])):
            raise SystemExit(
                f"error: margin {margin}: pictures and margins are multiples of {stride}, the last layer's stride"
            )
        if margin >= min(rgb.shape[2:]):
            raise SystemExit(f"error: margin {margin} is not less than the pictures' sides")
        found = self(F.pad(rgb, (margin,) * 4, "reflect"), layers)
        cut = {layer: margin >> int(layer[0]) - 1 for layer in found}
        return {layer: x[:, :, cut[layer] : -cut[layer], cut[layer] : -cut[layer]] for layer, x in found.items()}

    def load(self, file: File):
        """Takes the weights of a file of the same widths."""
        self.input_weight.copy_(file.tensors["input.weight"])
        self.input_bias.copy_(file.tensors["input.bias"])
        with torch.no_grad():
            for layer, conv in self.convs.items():
                conv.weight.copy_(file.tensors[f"conv{layer}.weight"])
                conv.bias.copy_(file.tensors[f"conv{layer}.bias"])
        return self

    def widen(self, file: File):
        """Takes the weights of a narrower file. Its channels come first and depend only on each other, so that their
        features are unchanged; the other channels are new.
        """
        self.input_weight.copy_(file.tensors["input.weight"])
        self.input_bias.copy_(file.tensors["input.bias"])
        with torch.no_grad():
            for layer, conv in self.convs.items():
                weight = file.tensors.get(f"conv{layer}.weight")
                if weight is None:
                    continue
                out, into = weight.shape[:2]
                if out > conv.weight.shape[0] or into > conv.weight.shape[1]:
                    raise SystemExit(
                        f"error: conv{layer} of the file to begin from is wider than the student's\n"
                        "hint: --width or --widths"
                    )
                spread = weight.std()
                # New channels have features as large as the old ones.
                conv.weight.normal_(0, float(spread) * (into / conv.weight.shape[1]) ** 0.5)
                conv.weight[:out, into:] = 0
                conv.weight[:out, :into] = weight
                conv.bias[:out] = file.tensors[f"conv{layer}.bias"]
        return self

    @torch.no_grad()
    def unit_input(self):
        """The same network with an input of about -2..2, and conv1_1's weights as large as others', so that a step of
        an optimiser is as large in relation to them. The factor is a power of two, so that nothing is rounded.
        """
        reach = float(self.input_weight.abs().sum(1).max()) / 4
        scale = 2.0 ** round(torch.log2(torch.tensor(reach)).item())
        self.input_weight /= scale
        self.input_bias /= scale
        self.convs["1_1"].weight *= scale

    @torch.no_grad()
    def settle(self, pictures):
        """Sets the normalisations so that they change nothing on these pictures, for weights trained without them."""
        x = torch.einsum("oc,nchw->nohw", self.input_weight, pictures) + self.input_bias[None, :, None, None]
        block = "1"
        for layer, conv in self.convs.items():
            if layer[0] != block:
                x, block = pooled(x, self.design.pooling), layer[0]
            x = convolved(x, conv, padding_at(self.design, layer))
            norm = self.norms[layer]
            norm.running_mean.copy_(x.mean((0, 2, 3)))
            norm.running_var.copy_(x.var((0, 2, 3)).clamp_min(1e-12))
            norm.weight.copy_((norm.running_var + norm.eps).sqrt())
            norm.bias.copy_(norm.running_mean)
            x = F.relu(x)

    @torch.no_grad()
    def folded(self):
        """{name: f32 tensor} with the normalisations folded into the convolutions."""
        tensors = {"input.weight": self.input_weight.clone(), "input.bias": self.input_bias.clone()}
        for layer, conv in self.convs.items():
            norm, weight, bias = self.norms[layer], conv.weight, conv.bias
            if isinstance(norm, nn.BatchNorm2d):
                gain = norm.weight / (norm.running_var + norm.eps).sqrt()
                weight, bias = weight * gain[:, None, None, None], (bias - norm.running_mean) * gain + norm.bias
            tensors[f"conv{layer}.weight"] = weight.detach().float().contiguous().clone()
            tensors[f"conv{layer}.bias"] = bias.detach().float().contiguous().clone()
        return tensors


class Teacher(nn.Module):
    """A student's targets: VGG-19's features as the teacher's heads predict them, or the teacher's own if it has no
    heads.

    VGG-19's features follow a ReLU and are never negative, so clipping a prediction at zero always brings it nearer.
    """

    def __init__(self, file: File, clipped=True, own=False):
        super().__init__()
        self.vgg = Vgg(file.design, normalised=False).load(file).eval().requires_grad_(False)
        self.heads = {} if own else file.heads
        self.clipped = clipped

    def widths(self, layers):
        widths = {f"{block}_{place}": outputs for block, place, _, outputs in self.vgg.design.convs}
        return {layer: self.heads[layer][0].shape[0] if layer in self.heads else widths[layer] for layer in layers}

    @torch.no_grad()
    def forward(self, rgb, layers, margin=0):
        """Features with the student's margin; a network that reflects at every layer needs none."""
        return self.vgg.inside(rgb, layers, 0 if self.vgg.design.padding == "reflect" else margin)

    @torch.no_grad()
    def predict(self, layer, rows):
        """Turns rows of the teacher's features at a layer [n, width] into the student's targets."""
        if layer not in self.heads:
            return rows
        weight, bias = self.heads[layer]
        predicted = rows @ weight.to(rows.device).T
        if bias is not None:
            predicted = predicted + bias.to(rows.device)
        return predicted.clamp_min(0) if self.clipped else predicted
