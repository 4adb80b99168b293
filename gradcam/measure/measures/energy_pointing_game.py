def energy_pointing_game(map, truth):
    """Energy-based pointing game (Wang et al. 2020, sec. 4.3): what share of the map lies on the object.  -> 0 to 1

    map (H, W) >= 0; truth (H, W) bool.        sum over truth of L / sum of L        A map of zeros has no energy anywhere: 0.
    """
    total = map.sum(dtype=float)
    return float(map[truth].sum(dtype=float) / total) if total > 0 else 0.0
