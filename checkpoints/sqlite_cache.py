"""The cache of where to continue, in a SQLite file."""

from pathlib import Path

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from checkpoints.checkpoint_cache import CheckpointCache, CheckpointLostError
from checkpoints.wal_bound import is_too_large


class SqliteCache(CheckpointCache, AsyncSqliteSaver):
    """LangGraph's SQLite saver, whose errors lose nothing, and whose write-ahead log is bounded."""

    path: Path | None = None

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint; CheckpointLostError while a reader keeps the log from being written back."""
        if self.path is not None and is_too_large(self.path) and not await self._write_back():
            raise CheckpointLostError("a reader keeps the write-ahead log from being written back")
        return await super().aput(config, checkpoint, metadata, new_versions)

    async def _write_back(self) -> bool:
        """Empty the log into the file, waiting for nobody: a cache is not worth it."""
        async with self.lock:
            (waits,) = await self.conn.execute_fetchall("PRAGMA busy_timeout")
            await self.conn.execute("PRAGMA busy_timeout = 0")
            try:
                (done,) = await self.conn.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await self.conn.execute(f"PRAGMA busy_timeout = {int(waits[0])}")
            return not done[0]
