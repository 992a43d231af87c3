"""The cache of where to continue, in PostgreSQL."""

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from checkpoints.checkpoint_cache import CheckpointCache


class PostgresCache(CheckpointCache, AsyncPostgresSaver):
    """LangGraph's PostgreSQL saver, whose errors lose nothing."""
