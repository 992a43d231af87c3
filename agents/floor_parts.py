"""What the checks of a floor look at: every contract read, whole or in part."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from agents.floor_drafts import Draft
from agents.floor_modules import Sources
from protocol.floor import FloorConfig
from protocol.manifest import Manifest
from protocol.toolbox import Toolbox


@dataclass(frozen=True)
class Parts:
    """A floor's contracts by the folder they stand in; ``toolbox`` None when the Python failed."""

    config: Draft[FloorConfig]
    drafts: Mapping[str, Draft[Manifest]]
    toolbox: Toolbox | None
    sources: Sources

    @cached_property
    def agents(self) -> Mapping[str, Draft[Manifest]]:
        """Drafts by the name their manifest gives (of two, the first folder's), and by folder.

        A wrong name is one problem; whoever means the agent by its folder is not wrong as well.
        """
        found: dict[str, Draft[Manifest]] = {}
        for draft in self.drafts.values():
            found.setdefault(draft.value.agent, draft)
        return {**self.drafts, **found}

    @cached_property
    def owners(self) -> Mapping[str, tuple[str, ...]]:
        """The agents that own each resource type, by folder."""
        found: dict[str, list[str]] = {}
        for folder, draft in self.drafts.items():
            for name in dict.fromkeys(draft.value.authority.owns):
                found.setdefault(name, []).append(folder)
        return {name: tuple(owners) for name, owners in found.items()}

    @cached_property
    def event_types(self) -> frozenset[str]:
        """Event types the tools declare, the facts' own included."""
        box = self.toolbox
        return frozenset(box.events) | {f.type for f in box.facts} if box else frozenset()

    def complete(self, field: str) -> bool:
        """Whether every agent's ``field`` was read whole, so that an absence in it means something."""
        return not any(field in draft.touched for draft in self.drafts.values())
