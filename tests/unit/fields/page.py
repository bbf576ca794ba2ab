"""The page of fields, made from the dictionary: ``python -m tests.unit.fields.page > docs/reference/fields.md``."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "reference" / "fields.md"
DICTIONARY: Final = ROOT / "collectors" / "shapes" / "fields.toml"

HEAD: Final = """\
# Fields

The names by which rules, searches, the console and papers know what a record says: ECS where ECS has a name. Made from
`collectors/shapes/fields.toml`. Shares (`.pct`) are 0 to 1.

Open families beside these, in the words of their source: `winlog.event_data.*`, `winlog.user_data.*`, `auditd.log.*`,
`log.syslog.structured_data.*`, `journald.*`, `nginx.*`. Every event also has `@timestamp`, `event.ingested`,
`event.id`, `event.dataset`, `event.original` and `shouwang.source`.

| field | type | meaning |
|---|---|---|
"""


def fields() -> dict[str, Any]:
    return tomllib.loads(DICTIONARY.read_text(encoding="utf-8"))


def page() -> str:
    rows = []
    for name, said in fields().items():
        unit = f", {said['unit']}" if "unit" in said else ""
        values = f" One of: {', '.join(f'`{value}`' for value in said['values'])}." if "values" in said else ""
        rows.append(f"| `{name}` | {said['type']}{unit} | {said['meaning']}{values} |\n".replace("\n|", " |"))
    return HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(page())
