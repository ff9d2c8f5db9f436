"""Many pictures over a cluster, with Ray Data: one actor for each picture in progress.

Only rows of text pass through Ray. Pictures, results, checkpoints and records lie on storage that all machines share. A
row may be worked on twice, when a machine dies: a result gets its name when it is complete, and the second try goes on
from the checkpoint of the first, so nothing comes of that.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable
from typing import Any

from impasto import _native
from impasto._errors import CheckpointError, invalid
from impasto._jobs import several
from impasto._style import Style
from impasto.ray._checkpoints import write_whole
from impasto.ray._job import job_of, positive

_BESIDE = ".impasto-ray"
"""The folder of records and checkpoints, in the folder of the results."""


def stylize(
    paths: Iterable[Any],
    styles: Any,
    out: Any,
    *,
    cpus_per_picture: int = 1,
    memory_per_picture: int | None = None,
    pictures_at_once: int | None = None,
    extension: str = "png",
    **options: Any,
) -> list[dict[str, Any]]:
    """Paints each picture in each style, over the machines of a Ray cluster. Returns a row for each result.

    A row has `path`, `style`, `output`, `status`, `sha256`, `seconds` and `error`. The status is `painted`, `failed` or
    `skipped`: the result was there, made from the same pictures with the same options. Rows have the order of `paths`.

    Args:
        paths: the pictures, as paths that every machine sees.
        styles: one style or several: paths, or `impasto.Style` of paths.
        out: the folder of the results, which are called CONTENT_STYLE.png.
        cpus_per_picture: processors for a picture, which are the threads of its run.
        memory_per_picture: bytes of memory that Ray reserves for a picture.
        pictures_at_once: most pictures in progress; as many as there are processors for if it is None.
        extension: the format of the results.
        options: those of `impasto.stylize`.
    """
    import ray
    import ray.data

    positive("cpus_per_picture", cpus_per_picture)
    if pictures_at_once is not None:
        positive("pictures_at_once", pictures_at_once)
    items = _items([os.fspath(path) for path in paths], several(styles), os.fspath(out), extension, options)
    if not items:
        return []
    os.makedirs(os.path.join(os.path.abspath(os.fspath(out)), _BESIDE), exist_ok=True)
    if not ray.is_initialized():
        ray.init()
    most = pictures_at_once or max(1, int(ray.cluster_resources().get("CPU", 1)) // cpus_per_picture)
    context = ray.data.DataContext.get_current()
    before = getattr(context, "execution_no_progress_timeout_s", None)
    # A large picture takes longer than Ray Data waits for a row.
    context.execution_no_progress_timeout_s = -1
    # Ray's types know functions alone, where its documentation has classes too.
    painter: Any = _Painter
    try:
        rows = ray.data.from_items(items, override_num_blocks=len(items)).map(
            painter,
            # With 2 tasks in flight, a picture would wait for a long one while another actor is idle.
            compute=ray.data.ActorPoolStrategy(
                min_size=1, max_size=min(most, len(items)), max_tasks_in_flight_per_actor=1
            ),
            fn_constructor_kwargs={"threads": cpus_per_picture},
            num_cpus=cpus_per_picture,
            memory=memory_per_picture,
        )
        done = list(rows.iter_rows())
    finally:
        if before is not None:
            context.execution_no_progress_timeout_s = before
    for row in done:
        row["error"] = row["error"] or None
    return sorted(done, key=lambda row: int(row.pop("index")))


def _items(
    paths: list[str], styles: list[Any], out: str, extension: str, options: dict[str, Any]
) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    named: dict[str, tuple[str, int]] = {}
    for path in paths:
        for number, style in enumerate(styles):
            name = f"{_stem(path)}_{_stem(style)}.{extension}"
            output = os.path.join(os.path.abspath(out), name)
            if (other := named.setdefault(output, (path, number))) != (path, number):
                hint = "paint pictures of one name into folders of their own"
                option = "styles" if other[0] == path else "paths"
                raise invalid(option, f"two pictures would both become {name}", hint=hint)
            job = job_of(path, style, output, options)
            of_style = json.loads(job)["task"]["stylize"]["style"][0]["path"]
            items.append({"index": len(items), "path": path, "style": of_style, "output": output, "job": job})
    return items


def _stem(picture: Any) -> str:
    path = picture.picture if isinstance(picture, Style) else picture
    if not isinstance(path, (str, os.PathLike)):
        hint = "save the picture where every machine of the cluster can read it"
        raise invalid("styles", f"expected the path of a file, found {type(path).__name__}", hint=hint)
    return os.path.splitext(os.path.basename(os.fspath(path)))[0]


class _Painter:
    """An actor that paints one picture at a time."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        told = {name: row[name] for name in ("index", "path", "style", "output")}
        try:
            status, digest, error = *self._paint(row), ""
        except Exception as failure:  # one bad picture is a row
            status, digest, error = "failed", "", f"{type(failure).__name__}: {failure}"
        return {**told, "status": status, "sha256": digest, "seconds": time.perf_counter() - began, "error": error}

    def _paint(self, row: dict[str, Any]) -> tuple[str, str]:
        output = str(row["output"])
        key = _key(row["job"])
        beside = os.path.join(os.path.dirname(output), _BESIDE, os.path.basename(output))
        record = f"{beside}.json"
        if (digest := _done(record, key, output)) is not None:
            return "skipped", digest
        self._run(str(row["job"]), f"{beside}.{key[:16]}.checkpoint")
        digest = _sha256(output)
        write_whole(record, json.dumps({"key": key, "sha256": digest}))
        return "painted", digest

    def _run(self, job: str, checkpoint: str) -> None:
        """Runs a job, from its checkpoint if there is one that can be used."""
        if os.path.exists(checkpoint):
            try:
                return _native.run_job(job, self._threads, checkpoint, resumes=True)
            except CheckpointError:
                with contextlib.suppress(FileNotFoundError):
                    os.remove(checkpoint)
        return _native.run_job(job, self._threads, checkpoint)


def _key(job: str) -> str:
    """Returns a digest of everything that a result depends on: the bytes of files and not their names."""
    task = json.loads(job)["task"]["stylize"]
    extension = os.path.splitext(task.pop("output"))[1]
    parts = [_native.__version__, extension, _by_bytes(task)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _by_bytes(value: Any) -> Any:
    """Returns a value with the digests of files in place of their absolute paths."""
    if isinstance(value, dict):
        return {name: _by_bytes(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_by_bytes(item) for item in value]
    return _sha256(value) if isinstance(value, str) and os.path.isabs(value) else value


def _done(record: str, key: str, output: str) -> str | None:
    """Returns the digest of a result that is there, complete, and made from the same inputs and options."""
    try:
        with open(record, encoding="utf-8") as file:
            known = json.load(file)
        digest = _sha256(output)
    except (OSError, ValueError):
        return None
    return digest if known == {"key": key, "sha256": digest} else None


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
