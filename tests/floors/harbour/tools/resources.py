"""What the harbour shares: berths, ships' visits, pilots and their passages, soundings."""

from protocol.fields import Flag, Instant, Integer, KeyOf, Maybe, Shape, Text
from protocol.toolbox import Bound, ResourceType

SPAN: Shape = {"start": Instant(), "end": Instant()}

BERTH = ResourceType(
    name="berth",
    fields={"length_m": Integer(1), "depth_dm": Integer(1), "sounded": Maybe(Instant())},
    balances={"power_kw": Bound(minimum=0)},  # shore power not yet promised to a ship
)
VISIT = ResourceType(
    name="visit",
    fields={
        "ship": Text(80),
        "length_m": Integer(1),
        "draught_dm": Integer(1),
        "power_kw": Integer(0),
        "hours": Integer(1, 240),
        "arrives": Instant(),
        "promised": Flag(),
        "berth": Maybe(KeyOf("berth")),
        "start": Maybe(Instant()),
        "end": Maybe(Instant()),
    },
    indexed=("berth",),
)
PILOT = ResourceType(name="pilot", fields={"name": Text(80), "max_length_m": Integer(1)})
PASSAGE = ResourceType(name="passage", fields={"pilot": KeyOf("pilot"), "visit": KeyOf("visit"), **SPAN})
SOUNDING = ResourceType(name="sounding", fields={"berth": KeyOf("berth"), **SPAN})
