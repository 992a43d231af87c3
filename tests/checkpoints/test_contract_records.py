"""The ledger's port, part one: records, balances, claims, savepoints and what was read."""

from typing import Any

import pytest

from protocol.canonical import NotCanonicalError
from protocol.ports import Ledger, ReadTx, Tx
from protocol.records import Claimed, Record, Ref
from tests.checkpoints.kit import each, put

C1, P1 = Ref("crate", "C1"), Ref("pile", "P1")
T9, T10, T11, T12 = (f"2026-03-03T{h:02}:00:00Z" for h in (9, 10, 11, 12))


def change(ref: Ref, base: int, deltas: dict[str, int] | None = None, **fields: Any) -> Any:
    return lambda tx: tx.write(ref, base, fields, deltas or {}, "keeper", "c/2/keeper/0")


async def test_new_record_starts_at_version_0(ledger: Ledger) -> None:
    assert await ledger.write(put("crate", "C1", place="north")) == 0
    assert await ledger.read(lambda tx: tx.get("crate", "C1")) == Record(C1, 0, {"place": "north"})


async def test_absent_record_is_none(ledger: Ledger) -> None:
    assert await ledger.read(lambda tx: tx.get("crate", "C9")) is None


async def test_change_merges_fields_and_raises_version_by_one(ledger: Ledger) -> None:
    await ledger.write(put("crate", "C1", place="north", heavy=True))
    assert await ledger.write(change(C1, 0, place="south")) == 1
    found = await ledger.read(lambda tx: tx.get("crate", "C1"))
    assert found == Record(C1, 1, {"place": "south", "heavy": True})


async def test_stale_write_changes_nothing(ledger: Ledger) -> None:
    await ledger.write(put("crate", "C1", place="north"))
    await ledger.write(change(C1, 0, place="south"))
    assert await ledger.write(change(C1, 0, place="east")) is None
    assert await ledger.write(change(C1, 2, place="east")) is None
    found = await ledger.read(lambda tx: tx.get("crate", "C1"))
    assert found == Record(C1, 1, {"place": "south"})


async def test_key_is_created_once(ledger: Ledger) -> None:
    await ledger.write(put("crate", "C1", place="north"))
    assert await ledger.write(put("crate", "C1", place="south")) is None
    assert len(await ledger.read(lambda tx: tx.writes(C1))) == 1


async def test_change_of_absent_record_is_refused(ledger: Ledger) -> None:
    assert await ledger.write(change(C1, 0, place="south")) is None


async def test_balances_open_with_their_values_and_change_by_deltas(ledger: Ledger) -> None:
    await ledger.write(put("pile", "P1", of="sand", count=500))
    await ledger.write(change(P1, 0, {"count": -400, "promised": 3}))
    found = await ledger.read(lambda tx: tx.get("pile", "P1"))
    assert found == Record(P1, 1, {"of": "sand", "count": 100, "promised": 3})


async def test_balance_is_not_set_by_a_field(ledger: Ledger) -> None:
    await ledger.write(put("pile", "P1", count=5))
    with pytest.raises(ValueError, match="changes only by deltas"):
        await ledger.write(change(P1, 0, count=7))


async def test_delta_of_unknown_balance_is_refused(ledger: Ledger) -> None:
    await ledger.write(put("pile", "P1", count=5))
    with pytest.raises(ValueError, match="no balance weight"):
        await ledger.write(change(P1, 0, {"weight": 7}))


@pytest.mark.parametrize("value", [1.5, float("nan"), "\ud800", 2**53, {1: 2}])
async def test_field_that_is_not_canonical_is_refused(ledger: Ledger, value: Any) -> None:
    with pytest.raises(NotCanonicalError, match="note/N1"):
        await ledger.write(put("note", "N1", text=value))
    assert await ledger.read(lambda tx: tx.get("note", "N1")) is None


async def test_every_version_is_kept_with_its_whole_body(ledger: Ledger) -> None:
    await ledger.write(put("pile", "P1", of="sand", count=5))
    await ledger.write(change(P1, 0, {"count": 2}, of="salt"))
    first, second = await ledger.read(lambda tx: tx.writes(P1))
    assert (first.version, dict(first.body)) == (0, {"of": "sand", "count": 5, "promised": 0})
    assert (second.version, dict(second.body)) == (1, {"of": "salt", "count": 7, "promised": 0})
    assert (second.by, second.cause) == ("keeper", "c/2/keeper/0")
    assert second.seq > first.seq
    assert first.row_hash.startswith("sha256:")
    assert first.row_hash != second.row_hash


async def test_equal_bodies_at_two_versions_hash_apart(ledger: Ledger) -> None:
    await ledger.write(put("crate", "C1", place="north"))
    await ledger.write(change(C1, 0))
    first, second = await ledger.read(lambda tx: tx.writes(C1))
    assert first.body == second.body
    assert first.row_hash != second.row_hash


async def crates(ledger: Ledger) -> None:
    for key, fields in {
        "C2": {"place": "north", "heavy": True},
        "C10": {"place": "north", "heavy": False},
        "C1": {"place": "south", "heavy": True},
        "C3": {},
    }.items():
        await ledger.write(put("crate", key, **fields))


@pytest.mark.parametrize(
    ("equals", "keys"),
    [
        ({}, ["C1", "C10", "C2", "C3"]),
        ({"place": "north"}, ["C10", "C2"]),
        ({"place": "north", "heavy": True}, ["C2"]),
        ({"place": None}, ["C3"]),
        ({"place": "west"}, []),
        ({"heavy": 1}, []),
    ],
)
async def test_records_are_found_by_indexed_fields_in_key_order(
    ledger: Ledger, equals: dict[str, Any], keys: list[str]
) -> None:
    await crates(ledger)
    assert [r.key for r in await ledger.read(lambda tx: tx.find("crate", **equals))] == keys


async def test_changed_index_finds_the_new_value_only(ledger: Ledger) -> None:
    await ledger.write(put("crate", "C1", place="north"))
    await ledger.write(change(C1, 0, place="south"))
    assert await ledger.read(lambda tx: tx.find("crate", place="north")) == []
    assert [r.version for r in await ledger.read(lambda tx: tx.find("crate", place="south"))] == [1]


async def test_records_are_found_by_other_fields_and_balances_too(ledger: Ledger) -> None:
    await ledger.write(put("note", "N1", text="a", size=1))
    await ledger.write(put("note", "N2", text="b", size=1))
    await ledger.write(put("pile", "P1", of="sand", count=5))
    await ledger.write(put("pile", "P2", of="sand", count=6))
    assert [r.key for r in await ledger.read(lambda tx: tx.find("note", size=1, text="b"))] == ["N2"]
    assert [r.body for r in await ledger.read(lambda tx: tx.find("pile", of="sand", count=6))] == [
        {"of": "sand", "count": 6, "promised": 0}
    ]


async def test_true_is_not_1_when_finding(ledger: Ledger) -> None:
    await ledger.write(put("note", "N1", text="a", size=1))
    assert await ledger.read(lambda tx: tx.find("note", size=True)) == []


def claim(start: str, end: str, holder: str = "C1", *, shared: bool = False) -> Claimed:
    return Claimed("slot/S1", start, end, Ref("crate", holder), shared)


async def test_claims_are_found_where_they_overlap_half_open(ledger: Ledger) -> None:
    held = claim(T10, T11)
    await ledger.write(lambda tx: tx.claim(held))

    def seen(tx: ReadTx) -> list[int]:
        return [len(tx.claims("slot/S1", *span)) for span in ((T9, T10), (T9, T11), (T10, T11), (T11, T12))]

    assert await ledger.read(seen) == [0, 1, 1, 0]
    assert await ledger.read(lambda tx: tx.claims("slot/S1", T9, T12)) == [held]
    assert await ledger.read(lambda tx: tx.claims("slot/S2", T9, T12)) == []


async def test_claims_come_by_start_then_holder(ledger: Ledger) -> None:
    wanted = [claim(T9, T12, "C1", shared=True), claim(T10, T11, "C1"), claim(T10, T12, "C2")]

    await ledger.write(each(lambda tx: tx.claim, reversed(wanted)))
    assert await ledger.read(lambda tx: tx.claims("slot/S1", T9, T12)) == wanted


async def test_claim_taken_twice_stands_once(ledger: Ledger) -> None:
    await ledger.write(each(lambda tx: tx.claim, [claim(T10, T11, shared=s) for s in (True, False, True)]))
    assert await ledger.read(lambda tx: tx.claims("slot/S1", T9, T12)) == [claim(T10, T11, shared=False)]


async def test_released_claims_are_gone(ledger: Ledger) -> None:
    other = Claimed("slot/S2", T10, T11, C1)

    await ledger.write(each(lambda tx: tx.claim, [claim(T10, T11), claim(T10, T11, "C2"), other]))
    await ledger.write(lambda tx: tx.release(C1, "slot/S1"))
    assert await ledger.read(lambda tx: tx.claims("slot/S1", T9, T12)) == [claim(T10, T11, "C2")]
    assert await ledger.read(lambda tx: tx.claims("slot/S2", T9, T12)) == [other]
    await ledger.write(lambda tx: tx.release(C1, None))
    assert await ledger.read(lambda tx: tx.claims("slot/S2", T9, T12)) == []


async def test_undone_savepoint_leaves_what_was_before_it(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        put("crate", "C1", place="north")(tx)
        with tx.mark() as undo:
            change(C1, 0, place="south")(tx)
            tx.claim(claim(T10, T11))
            tx.advance_clock(T12)
            undo()
        with tx.mark():
            put("crate", "C2", place=tx.now)(tx)

    await ledger.write(job)
    assert await ledger.read(lambda tx: [(r.key, r.version, r["place"]) for r in tx.find("crate")]) == [
        ("C1", 0, "north"),
        ("C2", 0, "2026-03-02T09:00:00Z"),
    ]
    assert await ledger.read(lambda tx: tx.claims("slot/S1", T9, T12)) == []


async def test_savepoints_nest(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        with tx.mark():
            put("crate", "C1")(tx)
            with tx.mark() as undo:
                put("crate", "C2")(tx)
                undo()
            with tx.mark() as undo:
                with tx.mark():
                    put("crate", "C3")(tx)
                undo()
            put("crate", "C4")(tx)

    await ledger.write(job)
    assert [r.key for r in await ledger.read(lambda tx: tx.find("crate"))] == ["C1", "C4"]


async def test_savepoints_at_one_state_are_undone_one_by_one(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        put("crate", "C1")(tx)
        with tx.mark() as undo_both:
            with tx.mark() as undo:
                put("crate", "C2")(tx)
                undo()
                put("crate", "C3")(tx)
            with tx.mark() as undo:
                put("crate", "C4")(tx)
                undo()
            assert [r.key for r in tx.find("crate")] == ["C1", "C3"]
            undo_both()
            with tx.mark():
                put("crate", "C5")(tx)

    await ledger.write(job)
    assert [r.key for r in await ledger.read(lambda tx: tx.find("crate"))] == ["C1", "C5"]


async def test_exception_rolls_its_savepoint_back_and_goes_on(ledger: Ledger) -> None:
    def broken(tx: Tx) -> None:
        with tx.mark():
            put("crate", "C2")(tx)
            raise KeyError("x")

    def job(tx: Tx) -> None:
        put("crate", "C1")(tx)
        with pytest.raises(KeyError):
            broken(tx)
        put("crate", "C3")(tx)

    await ledger.write(job)
    assert [r.key for r in await ledger.read(lambda tx: tx.find("crate"))] == ["C1", "C3"]


async def test_reads_are_remembered_as_first_seen(ledger: Ledger) -> None:
    await ledger.write(put("crate", "C1", place="north"))
    await ledger.write(put("crate", "C2", place="south"))
    await ledger.write(put("pile", "P1"))

    def job(tx: Tx) -> dict[str, int]:
        tx.get("crate", "C1")
        tx.get("crate", "C9")
        change(C1, 0, place="east")(tx)
        put("crate", "C9")(tx)
        tx.get("crate", "C1")
        tx.get("crate", "C9")
        tx.find("crate", place="south")
        return tx.reads()

    assert await ledger.write(job) == {"crate/C1": 0, "crate/C9": -1, "crate/C2": 0}
    assert await ledger.write(lambda tx: tx.reads()) == {}


async def test_seed_is_written_in_the_name_of_owners(ledger: Ledger) -> None:
    seed: list[tuple[Ref, dict[str, Any]]] = [
        (C1, {"place": "north"}),
        (P1, {"of": "sand", "count": 5, "promised": 0}),
    ]
    await ledger.write(lambda tx: tx.put_seed(seed, lambda kind: f"{kind}_keeper"))
    assert await ledger.read(lambda tx: [r["count"] for r in tx.find("pile")]) == [5]
    assert [(w.by, w.version) for w in await ledger.read(lambda tx: tx.writes(P1))] == [("pile_keeper", 0)]
    assert [r.key for r in await ledger.read(lambda tx: tx.find("crate", place="north"))] == ["C1"]


async def test_record_read_is_not_the_stored_one(ledger: Ledger) -> None:
    """A careless floor function that changes what it read changes nothing but its own copy."""
    await ledger.write(put("crate", "C1", place="north"))

    def job(tx: Tx) -> Any:
        body: Any = tx.get("crate", "C1")
        body.body["place"] = "gone"
        again = tx.get("crate", "C1")
        return again and again["place"]

    assert await ledger.write(job) == "north"
