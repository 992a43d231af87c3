"""The plant with agents that never move, so that what a feed does is all that happens."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from graph.app import App, open_app
from graph.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_SILENT = """from protocol.turns import Policy


def relevance(text):
    return 0


def play(view):
    return []
    yield


POLICY = Policy(relevance, play)
"""

LOG_HEADER = (
    "Case ID,Activity,Resource,Start Timestamp,Complete Timestamp,Span,Work Order  Qty,Part Desc.,"
    "Worker ID,Report Type,Qty Completed,Qty Rejected,Qty for MRB,Rework"
)
EVENTS_HEADER = "ts_utc,machine,kind,data_item,value,code,text"


def silent_plant(to: Path) -> Path:
    """The plant's contracts and tools in the directory ``to``; its agents hear everything and do nothing."""
    shutil.copytree(ROOT / "tools", to / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("floor.yaml", "seed.yaml"):
        shutil.copy(ROOT / name, to / name)
    for manifest in (ROOT / "agents").glob("*/manifest.yaml"):
        role = to / "agents" / manifest.parent.name
        role.mkdir(parents=True)
        shutil.copy(manifest, role)
        (role / "prompt.md").write_text("You say nothing.", encoding="utf-8")
        (role / "policy.py").write_text(_SILENT, encoding="utf-8")
    return to


@asynccontextmanager
async def opened(floor: Path) -> AsyncIterator[App]:
    """An application on the floor; its ledger lies beside it."""
    async with open_app(Settings(floor_dir=floor, data_dir=floor.parent / "data")) as app:
        yield app


def write_log(path: Path, rows: Sequence[str], header: str = LOG_HEADER) -> Path:
    """A CSV file of made-up rows."""
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def log_row(
    case: int = 1,
    activity: str = "Milling - Machine 4",
    resource: str = "Machine 4 - Milling",
    start: str = "2026/02/20 08:00:00.000",
    end: str = "2026/02/20 09:30:00.000",
    span: str = "001:30",
    ordered: str = "40",
    part: str = "Test Piece",
    worker: str = "W1",
    report: str = "D",
    good: str = "5",
    rejected: str = "0",
    mrb: str = "0",
    rework: str = "",
) -> str:
    """One made-up report of the production log."""
    cells = (
        f"Case {case}", activity, resource, start, end, span, ordered, part,
        worker, report, good, rejected, mrb, rework,
    )  # fmt: skip
    return ",".join(cells)
