"""The cache of where to continue, in a SQLite file."""

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from checkpoints.checkpoint_cache import CheckpointCache


class SqliteCache(CheckpointCache, AsyncSqliteSaver):
    """LangGraph's SQLite saver, whose errors lose nothing."""
