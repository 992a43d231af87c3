"""How long recordings are kept: they carry no business, and are dropped when a floor is opened."""

from typing import cast

from checkpoints.recordings import LooksTx, RecordsTx, is_due
from protocol.ports import Ledger, ReadTx
from protocol.times import plus
from protocol.world import World

DAY_S = 86_400


async def drop_old(ledger: Ledger, world: World) -> int:
    """Drop what was recorded longer ago than the floor keeps it; how many parts. Ledger clock."""

    def before(tx: ReadTx) -> str:
        return plus(tx.now, seconds=-DAY_S * world.config.engine.keep_recordings_days)

    if not await ledger.read(lambda tx: is_due(cast(LooksTx, tx), before(tx))):
        return 0
    return await ledger.write(lambda tx: cast(RecordsTx, tx).drop_parts(before(tx)))
