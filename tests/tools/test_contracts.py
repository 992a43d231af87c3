"""What the manifests, the tools and floor.yaml promise one another."""

import pytest

from protocol.fields import check_shape
from tools.values import RELEASE_ROLES

from .plant_world import plant

QUERIES = {
    "scheduling": "get_schedule next_on find_windows find_slots order_status alternatives_for who_decides"
    " hold_status machine_status requirement shortage get_stock",
    "quality": "hold_status measured_with alternatives_for order_status who_decides next_on",
    "inventory": "get_stock requirement shortage hold_status order_status who_decides",
    "maintenance": "machine_status due_list get_schedule find_windows next_on who_decides",
    "reporting": "floor_figures open_items order_status machine_status get_schedule get_stock",
}


@pytest.mark.parametrize("agent", QUERIES)
def test_agents_may_make_the_queries_of_their_work(agent: str) -> None:
    assert set(QUERIES[agent].split()) <= {q.name for q in plant().queries_of(agent)}


def test_every_type_has_the_owner_of_the_reference() -> None:
    owned = {
        "scheduling": {"order", "run", "calendar"},
        "maintenance": {"machine", "signal", "downtime", "maintenance_order"},
        "quality": {"inspection", "nonconformance", "hold", "gauge"},
        "inventory": {"stock", "lot", "allocation", "purchase"},
        "reporting": {"report"},
    }
    assert {t: o for o, types in owned.items() for t in types} == dict(plant().owners)
    assert set(plant().owners) == set(plant().types)


def test_levels_put_quality_first_then_maintenance() -> None:
    levels = {a: m.authority.level for a, m in plant().manifests.items()}
    assert levels == {"quality": 5, "maintenance": 4, "scheduling": 3, "inventory": 3, "reporting": 1}


def test_signal_is_telemetry_and_hold_restricts() -> None:
    assert [t.name for t in plant().toolbox.resources if not t.versioned] == ["signal"]
    assert [t.name for t in plant().toolbox.resources if t.restricts] == ["hold"]


def test_holds_and_breakdowns_pass_a_pull() -> None:
    assert {k.name for k in plant().toolbox.actions if k.protective} == {"place_hold", "report_down"}


def test_roles_that_tools_name_are_held_by_somebody() -> None:
    held = {r for p in plant().config.people for r in p.roles}
    assert set(RELEASE_ROLES.values()) <= held
    assert held == set(plant().config.roles)


@pytest.mark.parametrize(
    ("now", "who"),
    [
        ("2026-03-02T13:59:59Z", "m.ito"),
        ("2026-03-02T14:00:00Z", "r.voss"),
        ("2026-03-02T22:00:00Z", "t.lund"),
        ("2026-03-03T05:59:59Z", "t.lund"),
        ("2026-03-03T06:00:00Z", "m.ito"),
    ],
)
def test_one_shift_supervisor_is_on_shift_at_any_instant(now: str, who: str) -> None:
    assert plant().config.holders("shift_supervisor", now) == [who]


def test_short_and_held_are_refusals_nobody_can_sign() -> None:
    assert not {"short", "below_safety", "held", "compliance_hold"} & set(plant().config.approvals)


def test_summaries_fit_the_page_that_shows_them() -> None:
    params = {
        "move_run": {"run": "R-1", "to": "M7", "start": "2026-03-03T14:00:00Z"},
        "release_hold": {"hold": "H-12", "evidence": "", "reason": ""},
        "open_downtime": {
            "machine": "M7",
            "start": "2026-03-03T14:00:00Z",
            "end": "2026-03-03T18:00:00Z",
            "kind": "preventive",
        },
    }
    for kind, given in params.items():
        assert check_shape(plant().kinds[kind].params, given) == []
        assert len(plant().kinds[kind].summary(given)) <= 200
    summary = plant().kinds["move_run"].summary(params["move_run"])
    assert summary == "Move R-1 to M7, Tue 3 Mar 15:00"
