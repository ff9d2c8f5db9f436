"""Actors in a cluster: where they are placed, how they are called, and when one counts as lost.

Methods change state, so Ray must never repeat one: no actor restarts, no call is tried again. Whoever sees a loss
dismisses the whole team, recruits another from the machines that are left, and goes back to the last checkpoint.
"""

from __future__ import annotations

import functools
import logging
import pickle
import time
from typing import Any

from impasto._errors import Error
from impasto.ray._worker import Chief, OutOfTurn, Worker

log = logging.getLogger("impasto.ray")

_PLACING = 60.0
"""Seconds that a placement group may take before the machines are counted anew."""
_OFFERS = 30
"""Times that machines are counted before a run is given up."""


class Told(Exception):
    """An error of this package on its way through Ray, which cannot carry every exception. It has the pickled error."""


def _telling(kind: type) -> type:
    """Returns a kind of actors whose methods tell the errors of this package in that way."""

    def wrapped(method: Any) -> Any:
        @functools.wraps(method)
        def call(self: Any, *arguments: Any) -> Any:
            try:
                return method(self, *arguments)
            except Error as error:
                raise Told(pickle.dumps(error)) from None

        return call

    public = {name: wrapped(method) for name, method in vars(kind).items() if not name.startswith("_")}
    return type(kind.__name__, (kind,), public)


class ClusterCalls:
    """Calls of actors. A call that takes longer than `patience` seconds counts as lost."""

    def __init__(self, patience: float | None) -> None:
        self._patience = patience

    def call(self, actor: Any, method: str, *arguments: Any) -> Any:
        """Submits a call, and returns a reference."""
        return getattr(actor, method).remote(*arguments)

    def call_many(self, actor: Any, method: str, count: int, *arguments: Any) -> list[Any]:
        """Submits a call, and returns a reference to each of its results."""
        references = getattr(actor, method).options(num_returns=count).remote(*arguments)
        return list(references) if count > 1 else [references]

    def get(self, reference: Any) -> Any:
        """Waits for a result."""
        import ray

        return ray.get(reference, timeout=self._patience)


def is_loss(error: BaseException) -> bool:
    """Returns whether an error says that a machine, a process or an object is lost. Nothing else is wrong then.

    A call that is out of turn says so too: the call before it failed, because what it was given is lost.
    """
    from ray import exceptions as of_ray

    lost = (
        of_ray.ActorDiedError,
        of_ray.ActorUnavailableError,
        of_ray.GetTimeoutError,
        of_ray.LocalRayletDiedError,
        of_ray.NodeDiedError,
        of_ray.ObjectLostError,
        of_ray.OwnerDiedError,
        of_ray.WorkerCrashedError,
        OutOfTurn,
    )
    return any(isinstance(cause, lost) for cause in _causes(error))


def own_error(error: BaseException) -> Error | None:
    """Returns the error of this package that an error of Ray carries, if it does."""
    # What Ray raises has the type of its cause, too; the cause itself is further in.
    told = next((cause for cause in reversed(_causes(error)) if isinstance(cause, Told)), None)
    found = None if told is None else pickle.loads(told.args[0])
    return found if isinstance(found, Error) else None


def _causes(error: BaseException | None) -> list[Any]:
    found: list[Any] = []
    while error is not None and error not in found:
        found.append(error)
        error = getattr(error, "cause", None) or error.__cause__
    return found


class Team:
    """One chief and some workers, in a placement group of their own."""

    def __init__(self, group: Any, chief: Any, workers: list[Any]) -> None:
        self._group, self.chief, self.workers = group, chief, workers

    def dismiss(self) -> None:
        """Ends all actors, and frees their machines."""
        import ray
        from ray.util import remove_placement_group

        for actor in (self.chief, *self.workers):
            ray.kill(actor)
        remove_placement_group(self._group)


def machines(cpus: float) -> int:
    """Returns the number of workers that the living machines have processors for, one on each machine."""
    import ray

    nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= cpus]
    return len(nodes)


def processors() -> int:
    """Returns the number of processors of the smallest living machine that has any."""
    import ray

    counts = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    return max(1, min((count for count in counts if count > 0), default=1))


def recruit(
    job: str,
    model: str,
    cut: tuple[tuple[int, int], int, int | None],
    workers: int | None,
    cpus: int,
    memory: int | None,
) -> Team:
    """Places a team: `workers` at most, or one on each machine, and never more than there are blocks.

    The chief is beside the first worker, which is idle whenever the chief works.
    """
    import ray
    from ray.util import placement_group, remove_placement_group
    from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

    across, down = cut[0]
    bundle: dict[str, float] = {"CPU": cpus, **({"memory": memory} if memory else {})}
    for _ in range(_OFFERS):
        count = min(workers or machines(cpus), across * down)
        if count == 0:
            time.sleep(1)
            continue
        group = placement_group([bundle] * count, strategy="SPREAD")
        if group.wait(_PLACING):
            break
        # A machine that has just died is counted for some seconds.
        log.warning("no place for %d workers with %d processors each: counting the machines anew", count, cpus)
        remove_placement_group(group)
    else:
        raise Error(
            f"the cluster has no machine with {cpus} free processors",
            hint="give a smaller `cpus_per_worker`, or fewer `workers`",
        )
    at = [PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index) for index in range(count)]
    once = {"max_restarts": 0, "max_task_retries": 0}
    chief = ray.remote(_telling(Chief)).options(num_cpus=0, scheduling_strategy=at[0], **once)
    worker = ray.remote(_telling(Worker))
    return Team(
        group,
        chief.remote(job, *cut, cpus),
        [
            worker.options(num_cpus=cpus, memory=memory, scheduling_strategy=place, **once).remote(model, cpus)
            for place in at
        ],
    )
