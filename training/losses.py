"""Measures how far a student is from its teacher at one layer.

`Heads` is the usual distillation: a linear map from the student's features to the teacher's, trained with the student
(Romero et al., "FitNets", 2015; Wang et al., "Collaborative Distillation", 2020). It ensures that the teacher's
features can be computed from the student's.

`kernel` ensures the weight of each feature. Gram losses are sums of squared inner products of features (Li et al.,
"Demystifying neural style transfer", 2017), and Gaussian Wasserstein distances do not change when features are rotated.
So both depend only on the inner products of features at two positions. The inner products of H f are f' (H' H) f.
Export keeps (H' H)^1/2, which has as many channels as the student; with it a style loss equals the teacher's, at no
cost per pixel. The maps have no bias, so that nothing else is needed.
"""

import torch
from torch import nn


def pick(features, rows, generator):
    """Up to `rows` positions of [n, c, h, w] as [rows, c] in f32, and their indices."""
    n, c, h, w = features.shape
    chosen = torch.randperm(n * h * w, generator=generator)[:rows].to(features.device)
    return features.permute(0, 2, 3, 1).reshape(-1, c)[chosen].float(), chosen


def at(features, chosen):
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])[chosen].float()


class Heads(nn.Module):
    """A linear map for each layer; its loss is the unexplained part of the variance."""

    def __init__(self, inputs: dict[str, int], outputs: dict[str, int]):
        super().__init__()
        self.maps = nn.ModuleDict({layer: nn.Linear(inputs[layer], outputs[layer], bias=False) for layer in inputs})

    def forward(self, layer, student, target):
        left = (self.maps[layer](student) - target).square().mean()
        return left / (target - target.mean(0)).square().mean().clamp_min(1e-12)

    @torch.no_grad()
    def solve(self, layer, student, target, ridge=1e-4):
        """Sets a map to the best one on these rows, as the start of training."""
        student, target = student.double(), target.double()
        square = student.T @ student / len(student)
        square += ridge * square.diagonal().mean() * torch.eye(len(square), dtype=square.dtype, device=square.device)
        best = torch.linalg.solve(square, student.T @ target / len(target))
        self.maps[layer].weight.copy_(best.T)


def without_mean(products):
    """The inner products of the rows after subtracting their mean."""
    return products - products.mean(0) - products.mean(1, keepdim=True) + products.mean()


def left_over(found, wanted):
    return (found - wanted).square().mean() / wanted.square().mean().clamp_min(1e-12)


def kernel(student, target):
    """Relative squared error of the inner products between all positions, with and without the features' mean. The mean
    is large, the same everywhere and so easily right. The student may have any scale, because export sets it anyway.
    """
    found, wanted = student @ student.T, target @ target.T
    found = found * ((found * wanted).sum() / found.square().sum().clamp_min(1e-12))
    return left_over(found, wanted) + left_over(without_mean(found), without_mean(wanted))
