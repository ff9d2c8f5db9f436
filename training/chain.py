"""The levels of a draft in PyTorch: encode, move to a style's moments, decode.

Tensors have the names of the published file: `encoderL.input`, `encoderL.convB_I`, `decoderL.convB_I`. Pictures are [1,
3, h, w] in 0..1, and their sides are multiples of eight. Convolutions reflect at the border; decoders end in a ReLU.
"""

import torch
import torch.nn.functional as F

CONVS = (2, 2, 4, 4, 1)


def convolved(tensors, name, x):
    x = F.pad(x, (1, 1, 1, 1), "reflect")
    return F.relu(F.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"]))


def encode(tensors, level, rgb):
    """The features of a level's encoder at relu1_1, relu2_1, and so on; the last are the level's own."""
    weight = tensors[f"encoder{level}.input.weight"]
    x = F.conv2d(rgb, weight.reshape(3, 3, 1, 1), tensors[f"encoder{level}.input.bias"])
    found = []
    for block in range(1, level + 1):
        x = F.max_pool2d(x, 2) if block > 1 else x
        for place in range(1, CONVS[block - 1] + 1):
            x = convolved(tensors, f"encoder{level}.conv{block}_{place}", x)
            if place == 1:
                found.append(x)
            if block == level:
                break
    return found


def enlarged(x, nearest):
    """Doubles the size: partly nearest-neighbour, for the rest bilinear."""
    smooth = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return smooth if nearest == 0 else nearest * F.interpolate(x, scale_factor=2) + (1 - nearest) * smooth


def decoder_convs(level):
    """(block, place) of a decoder's convolutions: the encoder's in reverse order."""
    return [(level, 1)] + [(b, i) for b in range(level - 1, 0, -1) for i in range(CONVS[b - 1], 0, -1)]


def decode(tensors, level, x, nearest):
    for block, place in decoder_convs(level):
        if block < level and place == CONVS[block - 1]:
            x = enlarged(x, nearest)
        x = convolved(tensors, f"decoder{level}.conv{block}_{place}", x)
    return x


def moments(features):
    """Mean [c, 1] and covariance [c, c] of one picture's features [1, c, h, w]."""
    rows = features[0].flatten(1)
    mean = rows.mean(1, keepdim=True)
    rows = rows - mean
    return mean, rows @ rows.T / rows.shape[1]


def power(matrix, exponent):
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(1e-8).pow(exponent)) @ vectors.T


@torch.no_grad()
def moved(content, style, small=1e-5):
    """The content's features with the style's moments, by the optimal-transport map between the two Gaussians."""
    mean, a = moments(content.double())
    goal, b = moments(style.double())
    ridge = small * torch.eye(len(a), dtype=a.dtype, device=a.device)
    a, b = a + ridge, b + ridge
    half, inverse = power(a, 0.5), power(a, -0.5)
    linear = inverse @ power(half @ b @ half, 0.5) @ inverse
    rows = linear @ (content.double()[0].flatten(1) - mean) + goal
    return rows.to(content.dtype).view_as(content)
