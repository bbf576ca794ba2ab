"""What a worker's job made: a file and the row of the manifest that it is to have. As JSON between the processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

from shouwang.eventstore.embedded.segments.footer import Footer, SourceSum
from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.model import Value

Json = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Product:
    segment: Segment
    sums: Mapping[str, SourceSum]


def product(path: str, footer: Footer, size_bytes: int, sha256: str) -> Product:
    bounds = footer.bounds
    segment = Segment(
        path,
        footer.day,
        footer.kind,
        bounds.from_seq,
        bounds.to_seq,
        footer.rows,
        size_bytes,
        bounds.min_time_us,
        bounds.max_time_us,
        bounds.min_received_us,
        bounds.max_received_us,
        bounds.min_id,
        bounds.max_id,
        sha256,
        footer.schema,
    )
    return Product(segment, footer.sources)


def plain(product: Product) -> Json:
    cells: Json = asdict(product.segment)
    for name in ("min_id", "max_id"):
        cells[name] = cast(bytes, cells[name]).hex()
    return {"segment": cells, "sums": {name: asdict(each) for name, each in product.sums.items()}}


def product_of(held: Value) -> Product:
    """Of ``plain``, which a process of ours made."""
    assert isinstance(held, dict)
    cells, sums = dict(cast(Json, held["segment"])), cast("dict[str, Json]", held["sums"])
    ids = {name: bytes.fromhex(str(cells.pop(name))) for name in ("min_id", "max_id")}
    return Product(
        Segment(**cells, **ids),  # type: ignore[arg-type]  # the fields of the dataclass, as ``plain`` gave them
        {name: SourceSum(**each) for name, each in sums.items()},  # type: ignore[arg-type]  # as above
    )
