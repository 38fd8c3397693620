"""The lie of the land: a gentle field that bends every street a little, the same way wherever they meet."""

from dataclasses import dataclass

import numpy as np

from data.doggerstad.projection import Points


@dataclass(frozen=True)
class Terrain:
    """A sum of plane waves, one set for each axis. Arrays of shape (waves,); wave numbers in radians a metre."""

    wave_x: Points
    wave_y: Points
    phase: Points
    reach: Points

    def bend(self, points: Points, strength: float = 1.0) -> Points:
        """The points (n, 2), each moved by up to about 60 m."""
        turn = points[:, :1] * self.wave_x + points[:, 1:] * self.wave_y
        shift_x = (np.sin(turn + self.phase) * self.reach).sum(axis=1)
        shift_y = (np.cos(turn * 1.13 + self.phase[::-1]) * self.reach).sum(axis=1)
        return points + strength * np.column_stack([shift_x, shift_y])


def make_terrain(rng: np.random.Generator) -> Terrain:
    lengths = np.array([2600.0, 1700.0, 1150.0, 760.0, 520.0])
    heading = rng.uniform(0, 2 * np.pi, lengths.size)
    wave = 2 * np.pi / lengths
    return Terrain(
        wave * np.cos(heading),
        wave * np.sin(heading),
        rng.uniform(0, 2 * np.pi, lengths.size),
        lengths * 0.0105,
    )
