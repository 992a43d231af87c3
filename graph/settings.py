"""What the composition root is told: one frozen value, every field with its unit and reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agents.backend import OFFLINE, Endpoint
from checkpoints.leases import RENEW_S, TTL_S
from graph.secrets import Secrets, environment_secret
from protocol.records import Claimed, Ref

Durability = Literal["exit", "sync"]


@dataclass(frozen=True, slots=True)
class Seed:
    """Opening state of an empty ledger: records (balances among the fields) and claims."""

    records: tuple[tuple[Ref, Mapping[str, Any]], ...] = ()
    claims: tuple[Claimed, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a floor lies, where its ledger lives, and which model plays the roles.

    ``seed`` and ``clock_start`` replace the floor's own when the ledger is empty (suites);
    ``people`` replaces entries of the floor by id; ``scripts`` gives scripted turns by agent, each
    turn a list of moves in stored form, the last one repeated; ``inline`` runs the ledger on the
    event loop's own thread (virtual time). ``lease_s``: wall seconds that the lease of a case
    outlives its last renewal; ``renew_s``: how often it is renewed. ``shared``: wall seconds, the clock
    that processes share; None: that of whoever keeps the ledger. ``durability``: when langgraph stores
    checkpoints, at each pause and end; crash rehearsals also let it do so in every superstep.
    ``host``: how this host is called in leases, when its own name will not do; no other may be called so.
    ``anchor`` and ``anchor_key``: the files of the audit chain's heads and of the key that signs them;
    None: in ``data_dir``.
    ``secret``: the key behind the name of a variable, for what is sent to receivers outside.
    ``model``: the one backend for every role; None: the floor's tiers say which plays which.
    ``endpoint``: where a model that is not offline is served.
    ``database``: the URL of a PostgreSQL that holds the ledger; None: a file in ``data_dir``.
    """

    floor_dir: Path
    data_dir: Path
    model: str | None = OFFLINE
    endpoint: Endpoint = field(default_factory=Endpoint)
    database: str | None = None
    topology: str = "hybrid"
    seed: Seed | None = None
    clock_start: str | None = None
    people: Sequence[Mapping[str, Any]] = ()
    scripts: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]] | None = None
    inline: bool = False
    lease_s: float = TTL_S
    renew_s: float = RENEW_S
    host: str | None = None
    shared: Callable[[], float] | None = None
    anchor: Path | None = None
    anchor_key: Path | None = None
    durability: Durability = "exit"
    secret: Secrets = environment_secret
