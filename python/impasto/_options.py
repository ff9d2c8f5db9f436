"""The keywords of all jobs. python/generate_options.py writes this file from docs/job.schema.json."""

# ruff: noqa

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing import TypeAlias

    from impasto._pictures import PictureLike

    StrPath: TypeAlias = Union[str, os.PathLike[str]]


class AnyOptions(TypedDict, total=False):
    """The options of every job."""

    limits: str | None
    """Limits on each input file: none, or a list such as megapixels=200,side=40000,file=100M,memory=2G,time=60s, in
    which each value may be none [default: 100 megapixels, 30000 pixels a side, 400 MB a file, 1 GB to decode, 8
    s]"""

    threads: int | None
    """Number of threads; the result does not depend on it [default: one per processor]"""


class PaintOptions(TypedDict, total=False):
    """The options of every job that paints."""

    iterations: int | Sequence[int] | None
    """Iterations at each scale: one number for all, or a list from the smallest scale on [default: the preset's]"""

    min_size: int | None
    """Long edge of the smallest scale in pixels [default: the preset's]"""

    model: str
    """The encoder: lite, vgg19, vgg19-oxford, random:vgg19?seed=0, ... (see `impasto.models()`), or a file of
    weights"""

    preset: str
    """A complete recipe: impasto, gatys, johnson, johnson-pt, crowson, scaling or keras"""

    seed: int
    """Seed of everything random: the same seed gives the same bytes"""

    time: float | str | None
    """Finish within this time, such as 60s or 5m, with fewer iterations if necessary [default: no limit]"""

    tv_weight: float | None
    """Weight that multiplies the total variation [default: the preset's]"""


class ContentOptions(TypedDict, total=False):
    """The options of every job that paints a content."""

    average_decay: float | None
    """Part of the running average of the iterates that each step keeps [default: the preset's]"""

    colour: Literal["style", "keep", "match", "luminance"]
    """The colours of the result: the style's, or the content's by one of three methods"""

    colour_map: str | None
    """The map that gives styles the content's colours for colour match: monge-kantorovich, cholesky, pca or
    histogram [default: monge-kantorovich]"""

    content_layers: Sequence[str] | None
    """Content layers, such as relu4_2 [default: the preset's]"""

    content_weight: float | None
    """Weight that multiplies every content term [default: the preset's]"""

    device: str | None
    """The network's device: auto, cpu, gpu, gpu:N, or a part of a card's name. Drafts run there too [default: auto]"""

    effort: str | None
    """Amount of work of the preset impasto: draft (half a second, no strokes), normal, or fine (three times normal)
    [default: normal]"""

    first_iterations: int | None
    """Iterations at the first scale [default: iterations, or the preset's]"""

    half: bool
    """Keep features in half precision: it takes less memory, and gradients differ by about a thousandth"""

    history: int | None
    """Pairs of vectors that lbfgs remembers [default: the preset's]"""

    init: PictureLike | None
    """The initial picture: draft, content, noise, gray, style-stats, or a picture file [default: the preset's]"""

    keep: str | None
    """The iterate that becomes the result: average, last or best [default: the preset's]"""

    learning_rate: float | None
    """Step size: for adam in units of RGB 0..1, for lbfgs a fraction of the quasi-Newton step [default: the
    preset's]"""

    memory: int | str | None
    """Memory that a run may take, such as 4G or 800M. A picture that needs more is run in tiles, with the same
    result [default: three quarters of the memory of the machine or its container]"""

    optimizer: str | None
    """The optimiser: adam or lbfgs [default: the preset's]"""

    plateau: float | None
    """Leave a scale when its loss falls by less than this fraction from 20 iterations to the next 20; 0 turns this
    off [default: the preset's]"""

    pooling: str | None
    """Pooling of the encoder: max, average or l2 [default: as in its training]"""

    resize: Literal["linear", "gamma"]
    """The quantity that is averaged when pictures are resized"""

    size: int | None
    """Long edge of the result in pixels [default: 768, or the content's own if that is smaller]"""

    statistic: str | None
    """Measure of style: gram, gram-hw, mean-std, covariance, wasserstein, wasserstein-newton, or a sum such as
    gram:1000+mean-std:10000 [default: the preset's]"""

    strength: float | None
    """Amount of style, from 0 (the content) to 1; a value means the same at every size [default: 1]"""

    stroke_size: float | None
    """Size of strokes relative to the style's, 0.1 to 4; in proportion to the picture, so that a value gives the
    same look at every size [default: 1]"""

    style_layer_weights: Sequence[float] | None
    """Weights of the style layers, one number for each [default: the preset's]"""

    style_layers: Sequence[str] | None
    """Style layers; they share the preset's weight equally unless style_layer_weights is given [default: the
    preset's]"""

    style_scale: float
    """Size of the style relative to the content: less than 1 for smaller strokes"""

    style_weight: float | None
    """Weight that multiplies every style term [default: the preset's]"""

    style_weights: Sequence[float] | None
    """Shares of several styles, one number for each, if no style has a weight of its own [default: equal shares]"""


class MaskOptions(TypedDict, total=False):
    """The options of every job that takes masks."""

    feather: float | None
    """Softness of the edges of kept parts, relative to the picture's long edge, 0 to 0.25 [default: 0.015]"""

    mask: PictureLike | Sequence[PictureLike]
    """Mask of the content: where styles are painted. A grey mask is white there; give one for each style to place
    each style separately. In a mask with colours, the region of a colour is painted in the styles whose own masks
    have the colour (STYLE:mask=FILE) or that name it (STYLE:region=#ff0000). With `like`, none leaves the
    recipe's masks out. For a film, a mask may be a film, a folder or a pattern of frames, and moves along"""

    protect: PictureLike | None
    """Keep the content unchanged where this grey picture is white, whatever the style. With `like`, none leaves the
    recipe's out. For a film it may move, like `mask`"""

    rest: Literal["keep", "first"] | None
    """Treatment of the rest of the content, where no mask places a style [default: keep]"""


class FileOptions(TypedDict, total=False):
    """The options of every job that writes one file for a picture."""

    depth: Literal[8, 16, 32] | None
    """Bits per channel: 8, 16, or 32 for floating point [default: the content's; for a texture the first style's]"""

    format: str | None
    """Format of the result: png, jpg, tif, webp, exr, qoi or bmp [default: by the extension]"""

    keep_gps: bool
    """Also keep the GPS location of the content; an error for a texture, which has none"""

    no_metadata: bool
    """Write no EXIF, no print size and no recipe"""

    profile: Literal["input", "srgb", "p3"]
    """Colour profile of the result"""

    quality: int | None
    """Quality of JPEG files, 1 to 100 [default: 95]"""


class StylizeOptions(AnyOptions, PaintOptions, ContentOptions, MaskOptions, FileOptions, TypedDict, total=False):
    """The options of `stylize`."""

    checkpoint: StrPath | None
    """The checkpoint file, from which `impasto.resume` continues the run; removed at the end [default:
    OUT.checkpoint, written when the run ends early, and every minute if it is expected to take more than two]"""

    checkpoint_every: float | str | None
    """Time between two checkpoints, such as 30s or 5m [default: 60s]"""

    no_checkpoint: bool
    """Write no checkpoint, however long the run takes"""

    plot: StrPath | None
    """Also draw the losses of the run"""

    report: StrPath | None
    """Also write a report: everything needed to repeat and assess the run"""

    save_every: int | None
    """Also write the current picture every N iterations, as OUT_0050.png and so on"""

    timelapse: StrPath | None
    """Also write a film of the developing picture; mp4 needs an installed ffmpeg"""

    triptych: StrPath | None
    """Also write content, styles and result side by side"""


class TextureOptions(AnyOptions, PaintOptions, FileOptions, TypedDict, total=False):
    """The options of `texture`."""

    device: str | None
    """The network's device: auto, cpu, gpu, gpu:N, or a part of a card's name [default: auto]"""

    init: PictureLike | None
    """The initial picture: style-stats (noise in the colours of the styles), noise, gray, or a picture file
    [default: style-stats]"""

    memory: int | str | None
    """Memory that the run may take, such as 4G [default: three quarters of the memory of the machine or its
    container]"""

    report: StrPath | None
    """Also write a report: everything needed to repeat and assess the run"""

    seamless: bool
    """Make opposite sides fit together; width and height must then be multiples of 16"""

    statistic: str | None
    """Measure of style: gram, gram-hw, mean-std, covariance, wasserstein, wasserstein-newton, or a sum [default: the
    preset's]"""

    stroke_size: float | None
    """Size of strokes relative to the style's, 0.1 to 4, in proportion to the picture [default: 1]"""

    style_layers: Sequence[str] | None
    """Style layers; they share the preset's weight equally [default: the preset's]"""


class BatchOptions(AnyOptions, PaintOptions, ContentOptions, FileOptions, TypedDict, total=False):
    """The options of `batch`."""

    jobs: int | None
    """Pictures in progress at once; they share the threads [default: 1]"""

    name: str
    """Names of the results, with {content} and {style} for the two file names; the extension chooses the format"""

    shard: str | None
    """Make only every N-th picture, from the I-th on, so that several machines can share one folder [default: from
    JOB_COMPLETION_INDEX and JOB_COMPLETION_COUNT or SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT; otherwise
    all]"""


class SheetOptions(AnyOptions, PaintOptions, ContentOptions, MaskOptions, TypedDict, total=False):
    """The options of `sheet`."""


class CompareOptions(AnyOptions, TypedDict, total=False):
    """The options of `compare`."""

    html: StrPath | None
    """Also write an HTML page with the pictures and the table"""

    referee_model: str | None
    """Use this encoder for the structure score in place of lite, and also score its features at layers that no
    preset uses for style: a name or a file of weights. It must not be the encoder that made a picture"""

    size: int | None
    """Resize every picture to this long edge in pixels first, never enlarging one [default: their own sizes]"""

    style_scale: float
    """Size of the styles relative to the pictures: the value that the pictures were made with"""


class VideoOptions(AnyOptions, PaintOptions, ContentOptions, MaskOptions, TypedDict, total=False):
    """The options of `video`."""

    boil: float | None
    """Paint everything anew after this many seconds, in still parts too, as in films painted by hand; 2 is usual"""

    codec: str | None
    """The codec: h264, h265, av1, vp9, prores, ffv1, gif or apng [default: by the extension]"""

    crf: int | None
    """Quality of h264, h265, av1 and vp9: lower is better and larger [default: 16, 18, 22 or 20]"""

    cuts: Sequence[int] | None
    """Frames at which shots begin, in place of those that are found, such as 120,310"""

    depth: Literal[8, 16, 32] | None
    """Bits per channel of frames as files: 8, 16, or 32 for floating point [default: 8; 16 for EXR]"""

    every: int | None
    """Paint every K-th frame, and make those between from both neighbours along the motion"""

    folder: StrPath | None
    """The folder for painted frames and the state between them [default: OUT.film]"""

    fps: float | str | None
    """Frames a second, such as 12 or 30000/1001: the nearest frames of the film are taken, and none are blended. For
    a folder of frames, their rate [default: the film's own times; 25 for frames]"""

    from_: int | None
    """Paint again from this frame on, with the settings given now"""

    hold: int | None
    """Paint every N-th frame and show it N times, as animators work on twos"""

    join: bool
    """Make the film of frames that are all painted"""

    keep_frames: bool
    """Keep that folder after the film is made"""

    loop: bool
    """Let the end lead to the beginning: the last twelve frames are drawn to the first one"""

    match_shots: bool
    """Begin a shot from an earlier one that looks like it, so that both keep one look"""

    no_cuts: bool
    """Take the film as one shot"""

    no_sound: bool
    """Leave out sound, subtitles and chapters"""

    shard: str | None
    """Paint only the I-th of N parts, so that several machines can share the shots; `join` makes the film"""

    tone_map: bool
    """Bring a film of high dynamic range to the standard range, by Hable's curve"""


PLACES: dict[str, dict[str, str]] = {
    "stylize": {
        "average_decay": "/run/average_decay",
        "checkpoint": "/checkpoint",
        "checkpoint_every": "/checkpoint_every",
        "colour": "/run/colour",
        "colour_map": "/run/colour_map",
        "content_layers": "/run/objective/content_layers",
        "content_weight": "/run/objective/content_weight",
        "depth": "/result/depth",
        "device": "/run/device",
        "effort": "/run/effort",
        "feather": "/regions/feather",
        "first_iterations": "/run/first_iterations",
        "format": "/result/format",
        "half": "/run/half",
        "history": "/run/history",
        "init": "/run/init",
        "iterations": "/run/iterations",
        "keep": "/run/keep",
        "keep_gps": "/result/keep_gps",
        "learning_rate": "/run/learning_rate",
        "limits": "/input/limits",
        "mask": "/regions/mask",
        "memory": "/run/memory",
        "min_size": "/run/min_size",
        "model": "/run/objective/model",
        "no_checkpoint": "/no_checkpoint",
        "no_metadata": "/result/no_metadata",
        "optimizer": "/run/optimizer",
        "plateau": "/run/plateau",
        "plot": "/side_outputs/plot",
        "pooling": "/run/objective/pooling",
        "preset": "/run/objective/preset",
        "profile": "/result/profile",
        "protect": "/regions/protect",
        "quality": "/result/quality",
        "report": "/report",
        "resize": "/run/objective/resize",
        "rest": "/regions/rest",
        "save_every": "/save_every",
        "seed": "/run/seed",
        "size": "/run/size",
        "statistic": "/run/objective/statistic",
        "strength": "/run/objective/strength",
        "stroke_size": "/run/stroke_size",
        "style_layer_weights": "/run/objective/style_layer_weights",
        "style_layers": "/run/objective/style_layers",
        "style_scale": "/run/objective/style_scale",
        "style_weight": "/run/objective/style_weight",
        "style_weights": "/run/objective/style_weights",
        "threads": "/run/threads",
        "time": "/run/time",
        "timelapse": "/side_outputs/timelapse",
        "triptych": "/side_outputs/triptych",
        "tv_weight": "/run/objective/tv_weight",
    },
    "texture": {
        "depth": "/result/depth",
        "device": "/device",
        "format": "/result/format",
        "init": "/init",
        "iterations": "/iterations",
        "keep_gps": "/result/keep_gps",
        "limits": "/input/limits",
        "memory": "/memory",
        "min_size": "/min_size",
        "model": "/model",
        "no_metadata": "/result/no_metadata",
        "preset": "/preset",
        "profile": "/result/profile",
        "quality": "/result/quality",
        "report": "/report",
        "seamless": "/seamless",
        "seed": "/seed",
        "statistic": "/statistic",
        "stroke_size": "/stroke_size",
        "style_layers": "/style_layers",
        "threads": "/threads",
        "time": "/time",
        "tv_weight": "/tv_weight",
    },
    "batch": {
        "average_decay": "/run/average_decay",
        "colour": "/run/colour",
        "colour_map": "/run/colour_map",
        "content_layers": "/run/objective/content_layers",
        "content_weight": "/run/objective/content_weight",
        "depth": "/result/depth",
        "device": "/run/device",
        "effort": "/run/effort",
        "first_iterations": "/run/first_iterations",
        "format": "/result/format",
        "half": "/run/half",
        "history": "/run/history",
        "init": "/run/init",
        "iterations": "/run/iterations",
        "jobs": "/jobs",
        "keep": "/run/keep",
        "keep_gps": "/result/keep_gps",
        "learning_rate": "/run/learning_rate",
        "limits": "/input/limits",
        "memory": "/run/memory",
        "min_size": "/run/min_size",
        "model": "/run/objective/model",
        "name": "/name",
        "no_metadata": "/result/no_metadata",
        "optimizer": "/run/optimizer",
        "plateau": "/run/plateau",
        "pooling": "/run/objective/pooling",
        "preset": "/run/objective/preset",
        "profile": "/result/profile",
        "quality": "/result/quality",
        "resize": "/run/objective/resize",
        "seed": "/run/seed",
        "shard": "/shard",
        "size": "/run/size",
        "statistic": "/run/objective/statistic",
        "strength": "/run/objective/strength",
        "stroke_size": "/run/stroke_size",
        "style_layer_weights": "/run/objective/style_layer_weights",
        "style_layers": "/run/objective/style_layers",
        "style_scale": "/run/objective/style_scale",
        "style_weight": "/run/objective/style_weight",
        "style_weights": "/run/objective/style_weights",
        "threads": "/run/threads",
        "time": "/run/time",
        "tv_weight": "/run/objective/tv_weight",
    },
    "sheet": {
        "average_decay": "/run/average_decay",
        "colour": "/run/colour",
        "colour_map": "/run/colour_map",
        "content_layers": "/run/objective/content_layers",
        "content_weight": "/run/objective/content_weight",
        "device": "/run/device",
        "effort": "/run/effort",
        "feather": "/regions/feather",
        "first_iterations": "/run/first_iterations",
        "half": "/run/half",
        "history": "/run/history",
        "init": "/run/init",
        "iterations": "/run/iterations",
        "keep": "/run/keep",
        "learning_rate": "/run/learning_rate",
        "limits": "/input/limits",
        "mask": "/regions/mask",
        "memory": "/run/memory",
        "min_size": "/run/min_size",
        "model": "/run/objective/model",
        "optimizer": "/run/optimizer",
        "plateau": "/run/plateau",
        "pooling": "/run/objective/pooling",
        "preset": "/run/objective/preset",
        "protect": "/regions/protect",
        "resize": "/run/objective/resize",
        "rest": "/regions/rest",
        "seed": "/run/seed",
        "size": "/run/size",
        "statistic": "/run/objective/statistic",
        "strength": "/run/objective/strength",
        "stroke_size": "/run/stroke_size",
        "style_layer_weights": "/run/objective/style_layer_weights",
        "style_layers": "/run/objective/style_layers",
        "style_scale": "/run/objective/style_scale",
        "style_weight": "/run/objective/style_weight",
        "style_weights": "/run/objective/style_weights",
        "threads": "/run/threads",
        "time": "/run/time",
        "tv_weight": "/run/objective/tv_weight",
    },
    "compare": {
        "html": "/html",
        "limits": "/input/limits",
        "referee_model": "/referee_model",
        "size": "/size",
        "style_scale": "/style_scale",
        "threads": "/threads",
    },
    "video": {
        "average_decay": "/run/average_decay",
        "boil": "/film/boil",
        "codec": "/encoding/codec",
        "colour": "/run/colour",
        "colour_map": "/run/colour_map",
        "content_layers": "/run/objective/content_layers",
        "content_weight": "/run/objective/content_weight",
        "crf": "/encoding/crf",
        "cuts": "/film/cuts",
        "depth": "/encoding/depth",
        "device": "/run/device",
        "effort": "/run/effort",
        "every": "/film/every",
        "feather": "/regions/feather",
        "first_iterations": "/run/first_iterations",
        "folder": "/work/folder",
        "fps": "/film/fps",
        "from_": "/work/from",
        "half": "/run/half",
        "history": "/run/history",
        "hold": "/film/hold",
        "init": "/run/init",
        "iterations": "/run/iterations",
        "join": "/work/join",
        "keep": "/run/keep",
        "keep_frames": "/work/keep_frames",
        "learning_rate": "/run/learning_rate",
        "limits": "/limits/limits",
        "loop": "/film/loop",
        "mask": "/regions/mask",
        "match_shots": "/film/match_shots",
        "memory": "/run/memory",
        "min_size": "/run/min_size",
        "model": "/run/objective/model",
        "no_cuts": "/film/no_cuts",
        "no_sound": "/encoding/no_sound",
        "optimizer": "/run/optimizer",
        "plateau": "/run/plateau",
        "pooling": "/run/objective/pooling",
        "preset": "/run/objective/preset",
        "protect": "/regions/protect",
        "resize": "/run/objective/resize",
        "rest": "/regions/rest",
        "seed": "/run/seed",
        "shard": "/work/shard",
        "size": "/run/size",
        "statistic": "/run/objective/statistic",
        "strength": "/run/objective/strength",
        "stroke_size": "/run/stroke_size",
        "style_layer_weights": "/run/objective/style_layer_weights",
        "style_layers": "/run/objective/style_layers",
        "style_scale": "/run/objective/style_scale",
        "style_weight": "/run/objective/style_weight",
        "style_weights": "/run/objective/style_weights",
        "threads": "/run/threads",
        "time": "/run/time",
        "tone_map": "/film/tone_map",
        "tv_weight": "/run/objective/tv_weight",
    },
}
"""The place of each option in its task, as a JSON pointer."""
