"""What reporting decides: publishing figures. A report never changes; a correction is a new one."""

from protocol.effects import Effects, Emit, Refusal
from protocol.fields import Choice, Instant, Maybe, Text
from protocol.records import Ref, Snapshot
from protocol.times import plus
from protocol.toolbox import ActionContext, ActionKind, Params, create

from .figures import PLANT, scope_machines, window_figures
from .machine_time import earlier
from .site import shown

SETTLE_MIN = 15
"""How long after its window a report stays provisional: late facts arrive."""


def publish_report(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    """The figures of a window; a report of the same kind, scope and window is corrected by this one."""
    start, end, scope = params["from"], params["to"], params.get("scope") or PLANT
    if not earlier(start, end):
        return Refusal("no_denominator", "the window ends before it starts, so nothing can be divided by it")
    machines = scope_machines(snapshot, scope)
    if machines is None:
        return Refusal("unknown_kind", f"{scope} is neither the plant, nor a line, nor a machine")
    earlier_ones = [
        r
        for r in snapshot.find("report", kind=params["kind"], scope=scope)
        if (r["from"], r["to"]) == (start, end)
    ]
    corrected = {r["corrects"] for r in earlier_ones}
    report = Ref("report", context.new_key("REP-"))
    made = create(
        "report",
        report.key,
        kind=params["kind"],
        scope=scope,
        provisional=earlier(snapshot.now, plus(end, minutes=SETTLE_MIN)),
        figures=window_figures(snapshot, machines, start, end),
        corrects=next((r.key for r in earlier_ones if r.key not in corrected), None),
        **{"from": start, "to": end},
    )
    data = {"report": report.key, "kind": params["kind"], "scope": scope}
    return Effects(
        puts=(made,),
        events=(Emit("report.published", str(report), data),),
        result={"report": report.key},
    )


REPORT_ACTIONS = (
    ActionKind(
        name="publish_report",
        purpose="Publish the figures of a window for the plant, a line or a machine.",
        params={
            "kind": Choice(("shift", "handover", "downtime")),
            "scope": Maybe(Text(64)),
            "from": Instant(),
            "to": Instant(),
        },
        writes=("report",),
        decide=publish_report,
        summary=lambda p: (
            f"{p['kind'].capitalize()} report of {p.get('scope') or PLANT} from {shown(p['from'])}"
        ),
        events=("report.published",),
    ),
)
