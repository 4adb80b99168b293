"""What lies in the folder of a run.

settings.json     what the results depend on: what is asked for later must be the same
rows.jsonl        a line for each photo; a photo is done when its line is whole
timings.jsonl     seconds, apart, as they are other ones each time
maps/METHOD.npy   (photos, classes, h, w); the maps of a photo are written before its line
panels/           pictures of the first photos;  index.html: a contact sheet, at the end
rows.parquet      the rows as a table, at the end, if pyarrow is there
shards/K-of-N/    parts of a run, each such a folder itself
"""

from urllib.parse import quote

SETTINGS, ROWS, TIMINGS, MAPS, PANELS = "settings.json", "rows.jsonl", "timings.jsonl", "maps", "panels"
PARQUET, SHEET = "rows.parquet", "index.html"
SHARDS, LOCK = "shards", ".lock"
SIDE, GAP = 192, 4  # pixels, of a map in a panel, and between two


def map_file(method: str) -> str:
    """The name of a method's file: letters that a file's name cannot have are written as %2F, say."""
    return f"{quote(method, safe='@+ ,()')}.npy"
