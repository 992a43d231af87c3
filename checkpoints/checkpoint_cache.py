"""A saver of LangGraph's as a cache: whatever goes wrong in it is one error, which says nothing is lost."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)

from protocol.failpoints import Point, failpoint

T = TypeVar("T")


class CheckpointLostError(Exception):
    """A checkpoint could not be read or written. The ledger knows where its case stands."""


TO_GATE = "branch:to:gate"
"""langgraph's channel for what leads to the node ``gate``: with it the round is still to be decided."""

Over = Callable[[Mapping[str, Any]], bool]
"""Whether a thread with these channel values has come to its end."""


class CheckpointCache(BaseCheckpointSaver[str]):
    """A damaged row, a deleted file, a full disk, a lock held too long: all of them CheckpointLostError.

    The checkpoint that would be a thread's last is not stored: what is there of it is deleted instead.
    A class puts this before the saver that it makes a cache of.
    """

    over: Over | None = None

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The newest checkpoint of a thread, or None."""
        return await _or_lost(super().aget_tuple(config))

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint, or forget a thread that is over."""
        if self.over is not None and self.over(checkpoint["channel_values"]):
            return await self._end(config, checkpoint)
        stored = await _or_lost(super().aput(config, checkpoint, metadata, new_versions))
        failpoint(Point.GATE_REACHED if TO_GATE in checkpoint["channel_values"] else Point.CHECKPOINTED)
        return stored

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task of an unfinished step wrote."""
        await _or_lost(super().aput_writes(config, writes, task_id, task_path))
        to_gate = any(channel == TO_GATE for channel, _ in writes)
        failpoint(Point.TURN_CACHED if to_gate else Point.ROUND_CACHED)

    async def _end(self, config: RunnableConfig, checkpoint: Checkpoint) -> RunnableConfig:
        place = config["configurable"]
        if place.get("checkpoint_id") is not None:  # else this run is the thread's first: nothing is stored
            await self.adelete_thread(place["thread_id"])
        return {"configurable": {**place, "checkpoint_id": checkpoint["id"]}}

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        await _or_lost(super().adelete_thread(thread_id))


async def forget_case(saver: BaseCheckpointSaver[str], case: str) -> None:
    """Delete the checkpoints of a case that has ended: nothing will continue it."""
    await saver.adelete_thread(case)


async def _or_lost(work: Awaitable[T]) -> T:
    try:
        return await work
    except Exception as error:
        raise CheckpointLostError(f"{type(error).__name__}: {error}") from error
