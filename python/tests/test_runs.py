"""Runs: steps, commands, callbacks, threads, forks, and what remains after an interruption."""

from __future__ import annotations

import io
import multiprocessing
import os
import pickle
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import impasto
import numpy as np
import pytest
from PIL import Image
from shared import LONG, QUICK, needs


@pytest.fixture
def transfer(photo: Path, style: Path) -> impasto.StyleTransfer:
    return impasto.StyleTransfer(photo, style, **QUICK)


@pytest.fixture
def endless(photo: Path, style: Path) -> impasto.StyleTransfer:
    return impasto.StyleTransfer(photo, style, **LONG)


def test_steps_come_in_order_with_their_losses(transfer: impasto.StyleTransfer) -> None:
    with transfer.start() as run:
        steps = list(run)
    assert [(step.scale, step.iteration) for step in steps] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    for step in steps:
        terms = [*step.losses.content.values(), *step.losses.style.values(), step.losses.tv]
        assert step.losses.total == pytest.approx(sum(terms), rel=1e-12)
    assert steps[-1].progress == 1 and steps[0].progress == pytest.approx(34 * 26 / (3 * (34 * 26 + 48 * 36)))
    assert run.end == "complete" and run.result().history == steps == run.history
    assert list(run) == [] and run.picture(16).shape == (12, 16, 3)


def test_a_run_does_nothing_until_a_step_is_asked_for(endless: impasto.StyleTransfer) -> None:
    with endless.start() as run:
        next(run)
        before = run.picture(96)
        # Each request is done between steps: the run would have gone on by now.
        assert all(np.array_equal(run.picture(96), before) for _ in range(3))
        assert len(run.history) == 1
    assert run.end == "stopped"


def test_stop_keeps_the_picture_at_the_size_of_its_scale(photo: Path, style: Path) -> None:
    with impasto.StyleTransfer(photo, style, **QUICK).start() as run:
        next(run)
        run.stop()
        assert next(run, None) is None
    assert run.result().size == (34, 26) and run.result().end == "stopped"


def test_cancel_writes_nothing_and_stop_writes_the_picture(photo: Path, style: Path, tmp_path: Path) -> None:
    for command, is_there in (("cancel", False), ("stop", True)):
        out = tmp_path / f"{command}.png"
        with impasto.StyleTransfer(photo, style, output=out, **LONG).start() as run:
            next(run)
            getattr(run, command)()
        assert out.exists() == is_there
        assert run.end == {"cancel": "cancelled", "stop": "stopped"}[command]


def test_finish_soon_completes_the_full_size(endless: impasto.StyleTransfer) -> None:
    with endless.start() as run:
        next(run)
        run.finish_soon()
        rest = list(run)
    assert run.end == "complete" and 0 < len(rest) < 100
    assert run.result().size == (96, 72)


def test_a_callback_ends_a_run_by_false_alone(transfer: impasto.StyleTransfer) -> None:
    seen: list[int] = []

    def falsy(step: impasto.Step) -> Any:
        seen.append(step.iteration)
        return 0 if len(seen) < 4 else False

    result = transfer.run(callback=falsy)
    assert len(seen) == 4 and result.end == "stopped"


def test_an_exception_of_a_callback_passes_through_and_the_run_goes_on(transfer: impasto.StyleTransfer) -> None:
    run = transfer.start()

    def fails(step: impasto.Step) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run.run(callback=fails)
    assert run.end is None
    assert run.run().history[0].iteration == 1
    assert len(run.history) == 6


def test_a_callback_may_use_the_run(transfer: impasto.StyleTransfer) -> None:
    run = transfer.start()
    shapes: list[tuple[int, ...]] = []

    def looks(step: impasto.Step) -> None:
        shapes.append(run.picture(8).shape)
        run.result()

    run.run(callback=looks)
    assert shapes == [(6, 8, 3)] * 6


def test_iterates_can_be_chosen_afterwards(photo: Path, style: Path) -> None:
    run = impasto.StyleTransfer(photo, style, **QUICK).start()
    run.run()
    average, last = run.result("average"), run.result("last")
    assert np.array_equal(run.result().array, average.array)
    assert not np.array_equal(last.array, average.array)
    chosen = impasto.stylize(photo, style, keep="last", **QUICK)
    assert np.array_equal(chosen.array, last.array)
    assert last.recipe["options"]["run"]["keep"] == "last"
    with pytest.raises(impasto.InvalidOption, match="keep='best'") as wrong:
        run.result("best")
    assert wrong.value.option == "keep"
    best = impasto.StyleTransfer(photo, style, keep="best", **QUICK).start()
    assert best.run().recipe["recipe"]["keep"] == "best"


def test_eight_threads_share_a_run(transfer: impasto.StyleTransfer) -> None:
    run = transfer.start()
    found: list[tuple[int, int]] = []
    problems: list[BaseException] = []

    def works(number: int) -> None:
        try:
            for step in run:
                found.append((step.scale, step.iteration))
                run.picture(16)
                run.result("last" if number % 2 else None)
                assert len(run.history) >= 1 and repr(run)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=works, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
        assert not thread.is_alive(), "a thread waits for ever"
    assert problems == []
    assert sorted(found) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)], "each step reaches one thread"


def test_a_run_can_be_stopped_from_another_thread(endless: impasto.StyleTransfer) -> None:
    run = endless.start()
    next(run)
    thread = threading.Thread(target=run.stop)
    thread.start()
    result = run.run()
    thread.join()
    assert result.end == "stopped"


def test_a_run_goes_on_from_its_checkpoint_with_the_same_bytes(
    transfer: impasto.StyleTransfer, photo: Path, style: Path, tmp_path: Path
) -> None:
    expected = transfer.run().to_bytes("png")
    run = transfer.start(checkpoint=tmp_path / "run.checkpoint")
    for _ in range(4):
        next(run)
    assert run.checkpoint() == str(tmp_path / "run.checkpoint")
    run.cancel()
    again = impasto.start_again(tmp_path / "run.checkpoint")
    assert len(again.run().history) == 6
    assert again.result().to_bytes("png") == expected
    assert not (tmp_path / "run.checkpoint").exists(), "removed at the end"


def test_pictures_in_memory_are_asked_for_again(
    pixels: np.ndarray[Any, Any], style: Path, tmp_path: Path
) -> None:
    transfer = impasto.StyleTransfer(pixels, style, **QUICK)
    expected = transfer.run().array
    run = transfer.start(checkpoint=tmp_path / "run.checkpoint")
    next(run)
    run.pause()
    with pytest.raises(impasto.Error, match="content: the picture was in memory"):
        impasto.resume(tmp_path / "run.checkpoint")
    with pytest.raises(impasto.Error, match="has changed"):
        impasto.resume(tmp_path / "run.checkpoint", pictures={"content": pixels[::-1]})
    result = impasto.resume(tmp_path / "run.checkpoint", pictures={"content": pixels})
    assert np.array_equal(result.array, expected)


def test_what_is_no_checkpoint_is_refused(photo: Path) -> None:
    with pytest.raises(impasto.CheckpointError):
        impasto.resume(photo)
    with pytest.raises(OSError):
        impasto.resume("none.checkpoint")


def test_a_killed_run_is_resumed_with_the_same_bytes(photo: Path, style: Path, tmp_path: Path) -> None:
    import subprocess

    code = f"""
import os, impasto
run = impasto.StyleTransfer({str(photo)!r}, {str(style)!r}, **{QUICK!r}).start(checkpoint="run.checkpoint")
next(run), next(run)
run.checkpoint()
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=300)
    result = impasto.resume(tmp_path / "run.checkpoint")
    assert result.to_bytes("png") == impasto.stylize(photo, style, **QUICK).to_bytes("png")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_refuses_the_parents_run_and_starts_its_own(
    endless: impasto.StyleTransfer, transfer: impasto.StyleTransfer
) -> None:
    with endless.start() as run:
        next(run)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if child == 0:
            code = 1
            try:
                try:
                    next(run)
                except RuntimeError as refused:
                    assert "another process" in str(refused) and "spawn" in str(refused)
                    del run
                    code = 0 if transfer.run().end == "complete" else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        next(run)


def test_results_plans_errors_and_styles_pickle(
    folder: Path, style: Path, transfer: impasto.StyleTransfer
) -> None:
    result = impasto.stylize(folder / "alpha.png", style, **QUICK)
    again = pickle.loads(pickle.dumps(result))
    assert again.to_bytes("png") == result.to_bytes("png") and again.history == result.history
    assert again.recipe == result.recipe and repr(again) == repr(result)
    plan = transfer.plan()
    assert pickle.loads(pickle.dumps(plan)) == plan
    pickle.loads(pickle.dumps(impasto.Style(style, weight=2)))
    for error in (
        pytest.raises(impasto.InvalidOption, impasto.stylize, folder / "photo.png", style, strength=9).value,
        pytest.raises(impasto.PictureNotFound, impasto.load, "none.png").value,
        pytest.raises(impasto.ModelNotFound, impasto.stylize, folder / "photo.png", style, model="none").value,
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error) and str(copy) == str(error) and copy.__dict__ == error.__dict__
    with pytest.raises(TypeError, match="resume"):
        pickle.dumps(transfer.start())


def test_results_cross_processes(photo: Path, style: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(impasto.stylize, (str(photo), str(style)), QUICK)
    assert result.to_bytes("png") == impasto.stylize(photo, style, **QUICK).to_bytes("png")


def test_results_give_their_pixels(folder: Path, style: Path) -> None:
    result = impasto.stylize(folder / "alpha.png", style, **QUICK)
    array = result.array
    assert array.dtype == np.uint8 and array.shape == (36, 48, 3)
    for each in (array, result.to_numpy("float32"), result.to_numpy("uint16"), result.to_numpy(alpha=True)):
        assert each.flags.owndata and each.flags.writeable and each.flags.c_contiguous
    assert np.array_equal(np.round(result.to_numpy("float32") * 255).astype(np.uint8), array)
    image = result.pil()
    assert image.mode == "RGBA" and np.array_equal(np.asarray(image)[..., :3], array)
    assert np.array_equal(np.asarray(image), result.to_numpy(alpha=True))
    assert np.array_equal(np.asarray(result), array)
    with pytest.raises(ValueError, match="dtype"):
        result.to_numpy("int8")


def test_a_result_is_a_picture_again(photo: Path, style: Path) -> None:
    first = impasto.stylize(photo, style, **QUICK)
    assert np.array_equal(impasto.load(first), first.to_numpy("float32"))
    assert impasto.stylize(first, style, **QUICK).size == (48, 36)


def test_results_show_themselves(photo: Path, style: Path) -> None:
    result = impasto.stylize(photo, style, **QUICK)
    shown = result._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html", "image/png"}
    assert shown["text/html"].count("<img") == 3
    assert 'alt="photo.png repainted in the style of style.png, 48 by 36 pixels"' in shown["text/html"]
    import base64

    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(shown["image/png"])))), result.array)
    needs("matplotlib").use("agg")
    labels = [line.get_label() for line in result.plot().get_lines()]
    assert "total" in labels and "style relu1_1" in labels


def test_a_plan_is_a_table(transfer: impasto.StyleTransfer) -> None:
    plan = transfer.plan()
    assert plan.size == (48, 36) and len(plan.scales) == 2
    assert "48x36" in str(plan) and "48x36" in plan._repr_html_()
    assert plan.seconds is not None and plan.seconds > 0 and plan.peak_bytes > 1e6


def test_errors_name_the_option_its_value_and_what_is_allowed(photo: Path, style: Path) -> None:
    cases: list[tuple[dict[str, Any], str, tuple[str, ...] | None]] = [
        ({"strength": 9}, "strength", None),
        ({"size": -1}, "size", None),
        ({"stroke_size": "big"}, "stroke_size", None),
        ({"colour": "mine"}, "colour", ("style", "keep", "match", "luminance")),
        ({"color": "mine"}, "colour", ("style", "keep", "match", "luminance")),
        ({"preset": "gatis"}, "preset", ("gatys",)),
        ({"keep": "worst"}, "keep", None),
        ({"style_layers": ["relu9_9"]}, "style_layers", None),
        ({"memory": "much"}, "memory", None),
        ({"time": -3}, "time", None),
        ({"init": "nothing"}, "init", None),
        ({"rest": "keep"}, "rest", None),
        ({"depth": 12, "output": "out.png"}, "depth", None),
    ]
    for options, option, allowed in cases:
        with pytest.raises(impasto.InvalidOption) as wrong:
            impasto.stylize(photo, style, **options)
        assert isinstance(wrong.value, ValueError)
        assert wrong.value.option == option, (options, str(wrong.value))
        assert wrong.value.value == next(iter(options.values()))
        assert allowed is None or wrong.value.allowed == allowed
        text = str(wrong.value)
        assert "--" not in text and "`" not in text, text
        assert wrong.value.hint is None or text.endswith(wrong.value.hint)


def test_unknown_keywords_are_refused_with_the_nearest(photo: Path, style: Path) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'strenght'. Did you mean 'strength'"):
        impasto.stylize(photo, style, strenght=1)
    with pytest.raises(TypeError, match="two spellings"):
        impasto.stylize(photo, style, color="keep", colour="keep")


def test_a_run_without_enough_memory_says_what_fits(photo: Path, style: Path) -> None:
    with pytest.raises(impasto.NotEnoughMemory) as wrong:
        impasto.stylize(photo, style, size=4000, memory="60M")
    assert isinstance(wrong.value, MemoryError)
    fits = wrong.value.fitting_size
    assert fits is None or f"size {fits}" in str(wrong.value)


def test_a_run_that_diverges_keeps_its_last_good_picture(photo: Path, style: Path) -> None:
    options = {**QUICK, "optimizer": "lbfgs", "learning_rate": 1e30, "iterations": 20}
    with pytest.raises(impasto.Diverged) as wrong:
        impasto.stylize(photo, style, preset="gatys", **options)
    assert isinstance(wrong.value, ArithmeticError)
    assert wrong.value.result.array.shape[2] == 3


def test_files_that_cannot_be_written_are_found_before_the_work(photo: Path, style: Path, tmp_path: Path) -> None:
    with pytest.raises(impasto.PictureError, match="does not exist"):
        impasto.stylize(photo, style, output=tmp_path / "none" / "out.png", **LONG)
    with pytest.raises(impasto.PictureError, match="type"):
        impasto.stylize(photo, style, **QUICK).save(tmp_path / "out.xyz")


def test_notes_are_warnings_at_the_callers_line(folder: Path, style: Path, tmp_path: Path) -> None:
    with pytest.warns(impasto.ImpastoNote) as notes:
        impasto.stylize(folder / "photo.png", style, output=tmp_path / "out.qoi", **QUICK)
    assert notes[0].filename == __file__
    assert not any("--" in str(each.message) for each in notes)


def test_nothing_is_printed(photo: Path, style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    impasto.stylize(photo, style, **QUICK)
    with pytest.raises(impasto.Error):
        impasto.stylize(photo, style, strength=7)
    assert capfd.readouterr() == ("", "")


def test_progress_is_a_bar_or_an_object_like_tqdm(
    transfer: impasto.StyleTransfer, capsys: pytest.CaptureFixture[str]
) -> None:
    class Counter:
        made: list[Counter] = []

        def __init__(self, total: float) -> None:
            self.total, self.done, self.closed = total, 0.0, False
            Counter.made.append(self)

        def update(self, count: float) -> None:
            self.done += count

        def close(self) -> None:
            self.closed = True

    transfer.run(progress=Counter)
    assert Counter.made[0].done == pytest.approx(100) and Counter.made[0].closed
    transfer.run(progress=True)
    out, err = capsys.readouterr()
    assert out == "" and "100%" in err and "scale 2/2" in err
    transfer.run(live=True)
    assert "100%" in capsys.readouterr().err, "without a notebook, live is a bar"
