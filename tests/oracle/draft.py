"""Computes a draft with PyTorch, from the levels of crates/impasto-encoder/src/draft.safetensors.

The levels run from the deepest on. Each applies the optimal-transport map between two Gaussians; enlarging is half
nearest and half bilinear; every convolution reflects. The final palette is left out.

    python tests/oracle/draft.py      writes crates/impasto/tests/fixtures/draft.json
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = [2, 2, 4, 4]
FLOOR = 1e-5
NEAREST = 0.5


def picture(width, height, phase):
    """RGB in 0..1, by the same formula as in the test."""
    x, y = torch.meshgrid(torch.arange(width), torch.arange(height), indexing="xy")
    planes = []
    for plane in range(3):
        wave = 0.11 * (plane + 1) * x + 0.17 * (3 - plane) * y + phase
        ripple = 0.9 * ((x * 7 + y * 3 + plane * 5) % 11) / 11
        planes.append(0.5 + 0.35 * torch.sin(wave.double()) + 0.12 * (ripple.double() - 0.45))
    return torch.stack(planes)[None].float().double()


def conv(weights, name, x):
    x = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.relu(F.conv2d(x, weights[name + ".weight"].double(), weights[name + ".bias"].double()))


def encode(weights, level, x):
    input_map = weights[f"encoder{level}.input.weight"].double()[:, :, None, None]
    x = F.conv2d(x, input_map, weights[f"encoder{level}.input.bias"].double())
    for block in range(1, level + 1):
        if block > 1:
            x = F.max_pool2d(x, 2)
        last = 1 if block == level else BLOCKS[block - 1]
        for place in range(1, last + 1):
            x = conv(weights, f"encoder{level}.conv{block}_{place}", x)
    return x


def decode(weights, level, x):
    for block in range(level, 0, -1):
        last = 1 if block == level else BLOCKS[block - 1]
        for place in range(last, 0, -1):
            x = conv(weights, f"decoder{level}.conv{block}_{place}", x)
        if block > 1:
            nearest = F.interpolate(x, scale_factor=2, mode="nearest")
            smooth = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = NEAREST * nearest + (1 - NEAREST) * smooth
    return x


def power(matrix, exponent):
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(FLOOR).pow(exponent)) @ vectors.T


def transport(own, target):
    a, b = own.flatten(2)[0], target.flatten(2)[0]
    m, n = a.mean(1, keepdim=True), b.mean(1, keepdim=True)
    floor = FLOOR * torch.eye(len(a), dtype=a.dtype)
    cov_a = (a - m) @ (a - m).T / a.shape[1] + floor
    cov_b = (b - n) @ (b - n).T / b.shape[1] + floor
    half, inverse = power(cov_a, 0.5), power(cov_a, -0.5)
    values, vectors = torch.linalg.eigh(half @ cov_b @ half)
    T = inverse @ (vectors * values.clamp_min(0).sqrt()) @ vectors.T @ inverse
    return (T @ (a - m) + n).view_as(own)


def main():
    torch.set_grad_enabled(False)
    weights = load_file(ROOT / "crates/impasto-encoder/src/draft.safetensors")
    content, style = picture(96, 64, 0.0), picture(80, 72, 1.3)
    x = content
    for level in (4, 3, 2, 1):
        x = transport(encode(weights, level, x), encode(weights, level, style))
        x = decode(weights, level, x).clamp(0, 1)
    values = [round(v, 6) for v in x.flatten()[::37].tolist()]
    path = ROOT / "crates/impasto/tests/fixtures/draft.json"
    path.write_text(json.dumps({"every": 37, "values": values}) + "\n")
    print(path, len(values), sum(values) / len(values))


if __name__ == "__main__":
    main()
