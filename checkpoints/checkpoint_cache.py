"""LangGraph's SQLite saver as a cache: whatever goes wrong in it is one error, which says nothing is lost."""

from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

T = TypeVar("T")


class CheckpointLostError(Exception):
    """A checkpoint could not be read or written. The ledger knows where its case stands."""


class CheckpointCache(AsyncSqliteSaver):
    """A damaged row, a deleted file, a full disk, a lock held too long: all of them CheckpointLostError."""

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
        """Store a checkpoint."""
        return await _or_lost(super().aput(config, checkpoint, metadata, new_versions))

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task of an unfinished step wrote."""
        await _or_lost(super().aput_writes(config, writes, task_id, task_path))

    async def adelete_thread(self, thread_id: str) -> None:
        """Forget a thread."""
        await _or_lost(super().adelete_thread(thread_id))


async def _or_lost(work: Awaitable[T]) -> T:
    try:
        return await work
    except Exception as error:
        raise CheckpointLostError(f"{type(error).__name__}: {error}") from error
