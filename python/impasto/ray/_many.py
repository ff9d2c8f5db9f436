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
from impasto.ray._checkpoints import write_whole
from impasto.ray._job import job_of, styles_of

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

    A row has `path`, `style`, `output`, `status`, `sha256`, `seconds` and `error`. The status is `painted`; `skipped` if
    the result was there, made from the same pictures with the same options; or `failed`. Rows have the order of `paths`.

    Args:
        paths: the pictures, as paths that every machine sees.
        styles: one style or several: paths, or dicts with `path`, `weight`, `scale` and so on.
        out: the folder of the results, which are called CONTENT_STYLE.png.
        cpus_per_picture: processors for a picture, which are the threads of its run.
        memory_per_picture: bytes of memory that Ray reserves for a picture.
        pictures_at_once: most pictures in progress; as many as there are processors for if it is None.
        extension: the format of the results.
        options: those of `impasto.stylize`.
    """
    import ray
    import ray.data

    for name, value in (("cpus_per_picture", cpus_per_picture), ("pictures_at_once", pictures_at_once or 1)):
        if not isinstance(value, int) or value < 1:
            raise invalid(name, f"expected a whole number of at least 1, found {value!r}", value)
    items = _items([os.fspath(path) for path in paths], styles_of(styles), os.fspath(out), extension, options)
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
    try:
        rows = ray.data.from_items(items, override_num_blocks=len(items)).map(
            _Painter,
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
    paths: list[str], styles: list[dict[str, Any]], out: str, extension: str, options: dict[str, Any]
) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    named: dict[str, str] = {}
    for path in paths:
        for style in styles:
            name = f"{_stem(path)}_{_stem(style['path'])}.{extension}"
            output = os.path.join(os.path.abspath(out), name)
            if (other := named.setdefault(output, path)) != path:
                hint = "paint pictures of one name into folders of their own"
                raise invalid("paths", f"{other} and {path} would both become {name}", hint=hint)
            job = job_of(path, [style], output, options)
            items.append({"index": len(items), "path": path, "style": style["path"], "output": output, "job": job})
    return items


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


class _Painter:
    """An actor that paints one picture at a time."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        told = {name: row[name] for name in ("index", "path", "style", "output")}
        try:
            status, digest, error = *self._paint(row), ""
        except Exception as failure:  # One bad picture is a row.
            status, digest, error = "failed", "", f"{type(failure).__name__}: {failure}"
        return {**told, "status": status, "sha256": digest, "seconds": time.perf_counter() - began, "error": error}

    def _paint(self, row: dict[str, Any]) -> tuple[str, str]:
        output, job = str(row["output"]), json.loads(row["job"])
        task = job["task"]["stylize"]
        key = _key(row["job"], [task["content"], *(style["path"] for style in task["style"])])
        beside = os.path.join(os.path.dirname(output), _BESIDE, os.path.basename(output))
        record = f"{beside}.json"
        if (digest := _done(record, key, output)) is not None:
            return "skipped", digest
        task["checkpoint"] = checkpoint = f"{beside}.{key[:16]}.checkpoint"
        self._run(json.dumps(job), checkpoint)
        digest = _sha256(output)
        write_whole(record, json.dumps({"key": key, "sha256": digest}))
        return "painted", digest

    def _run(self, job: str, checkpoint: str) -> None:
        """Runs a job, from its checkpoint if there is one that can be used."""
        if os.path.exists(checkpoint):
            try:
                return _native.run_job(job, self._threads, checkpoint)
            except CheckpointError:
                with contextlib.suppress(FileNotFoundError):
                    os.remove(checkpoint)
        return _native.run_job(job, self._threads, None)


def _key(job: str, inputs: list[str]) -> str:
    """Returns a digest of everything that a result depends on. Folders and names do not belong to it."""
    spec = json.loads(job)
    task = spec["task"]["stylize"]
    extension = os.path.splitext(task.pop("output"))[1]
    task.pop("content")
    styles = [{name: value for name, value in style.items() if name != "path"} for style in task.pop("style")]
    model = task["run"]["objective"].get("model")
    files = [*inputs, model] if model is not None and os.path.isfile(model) else inputs
    parts = [_native.__version__, extension, task, styles, [_sha256(path) for path in files]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


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
