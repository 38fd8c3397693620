"""Made-up names for streets, in the spirit of the land that the sea took: tools, beasts, plants and boats."""

from collections.abc import Iterator

import numpy as np

FIRST = (
    "Oyster", "Mammoth", "Amber", "Flint", "Eel", "Heron", "Peat", "Reed", "Hazel", "Alder", "Birch", "Willow",
    "Aurochs", "Elk", "Beaver", "Otter", "Seal", "Whale", "Herring", "Sturgeon", "Pike", "Antler", "Bone",
    "Harpoon", "Net", "Sail", "Anchor", "Tide", "Gull", "Tern", "Plover", "Curlew", "Salt", "Sand", "Shell",
    "Cockle", "Mussel", "Whelk", "Candle", "Baker", "Cooper", "Chandler", "Weaver", "Tanner", "Rope", "Tar",
    "Miller", "Smoke", "Barley", "Apple", "Sorrel", "Bramble", "Thistle", "Sedge", "Rush", "Fern", "Moss",
    "Clay", "Chalk", "Cinder", "Copper", "Tin", "Bell", "Drum", "Fiddle", "Linen", "Wool", "Hide", "Hearth",
    "Ember", "Canoe", "Paddle", "Keel", "Mast", "Rudder", "Compass", "Star", "Moon", "Frost", "Fog", "Storm",
    "Haddock", "Plaice", "Turbot", "Dab", "Sole", "Skate", "Cod", "Ling", "Crab", "Shrimp", "Limpet", "Kelp",
    "Samphire", "Marram", "Boar", "Wolf", "Lynx", "Marten", "Badger", "Stoat", "Crane", "Swan", "Teal",
    "Wigeon", "Eider", "Puffin", "Gannet", "Petrel", "Raven", "Dunlin", "Knot", "Ruff", "Snipe", "Adder",
    "Newt", "Pollen", "Acorn", "Sloe", "Elder", "Rowan", "Juniper", "Bilberry", "Watercress", "Nettle",
    "Meadow", "Dune", "Shoal", "Bank", "Spit", "Sluice", "Dyke", "Ferry", "Beacon",
)  # fmt: skip
LAST = {
    "secondary": ("Street", "Road", "Avenue"),
    "bridge": ("Street", "Bridge Street"),
    "residential": ("Street", "Lane", "Row", "Street", "Road", "Close"),
    "quay": ("Quay", "Wharf", "Bank", "Side"),
    "alley": ("Alley", "Passage", "Wynd", "Court"),
    "service": ("Dock Road", "Yard", "Wharf Road"),
    "path": ("Walk", "Path"),
}
BEFORE = ("", "", "Old ", "New ", "Upper ", "Lower ", "Great ", "Little ", "North ", "South ")


def street_names(rng: np.random.Generator, kind: str) -> Iterator[str]:
    """Endless names for a class of street; a name comes back only after some thousand others."""
    while True:
        order = rng.permutation(len(FIRST) * len(LAST[kind]))
        for turn in range(2, len(BEFORE)):
            for number in order:
                first, last = divmod(int(number), len(LAST[kind]))
                yield f"{BEFORE[0 if turn == 2 else turn]}{FIRST[first]} {LAST[kind][last]}"
