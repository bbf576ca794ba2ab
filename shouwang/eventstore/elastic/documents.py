"""Events and matches <-> documents. Pure.

The original is kept as it was received: as text in ``event.original`` where it is UTF-8, else its bytes in
``shouwang.raw``. All else that an event is made from again stands in ``shouwang.*``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC
from hashlib import blake2b
from typing import Final, cast

import msgspec
import orjson

from shouwang.comparison import record_text
from shouwang.eventstore.base import Stored
from shouwang.eventstore.elastic.fields import view
from shouwang.eventstore.elastic.terms import event_terms
from shouwang.eventstore.embedded.rows import from_json, to_json
from shouwang.model import DEAD_DATASET, Event, Match, Severity, Value
from shouwang.timespan import rfc3339
from shouwang.visible import well_formed

Json = dict[str, Value]

LONGEST_RAW: Final = 8 << 20
"""Servers refuse a request over a tenth of their heap, and a document is about three times its record."""
_INT64: Final = 1 << 63
_YEAR_9999_US: Final = 253_370_764_800 * 10**6
READ: Final = ("event.original", "shouwang")
"""What of a document an event is made from again."""
NOT_READ: Final = ("shouwang.terms", "shouwang.other")


class Account(msgspec.Struct, frozen=True, array_like=True):
    """What the ledger needs of one event."""

    day: str
    source: str
    received_us: int
    size: int
    digest: bytes
    dead: str
    """Of a dead letter: why."""


class Item(msgspec.Struct, frozen=True, array_like=True):
    """One document to be created."""

    index: str
    id: str
    seq: int
    body: bytes
    account: Account | None
    """``None``: a match."""


def refusal(event: Event) -> str:
    """Why this store can never take the event; empty when it can. Raises ``ValueError`` for one without an id."""
    if len(event.id) != 16:
        raise ValueError(f"an event's id has 16 bytes, not {len(event.id)}")
    if not (-_INT64 <= event.time_us < _INT64 and 0 <= event.received_us < _YEAR_9999_US):
        return "time-out-of-range"
    return "too-long" if len(event.raw) > LONGEST_RAW else ""


def account_of(event: Event, day: str) -> Account:
    dead = event.shape.dataset == DEAD_DATASET
    return Account(
        day=day,
        source=well_formed(event.source),
        received_us=event.received_us,
        size=len(event.raw),
        digest=blake2b(event.id + event.raw, digest_size=32).digest(),
        dead=str(event.doc.get("error.code") or "unreadable") if dead else "",
    )


def event_document(event: Event, kinds: Mapping[str, str], seq: int, writer: str, batch: str) -> Json:
    """``writer``, ``batch``: who wrote it, and in which of its batches."""
    said = event.fields()
    seen, found = view(said, kinds), event_terms(event, said, kinds)
    ours: Json = {
        **_envelope(event, seq, writer, batch),
        **({"odd": cast("Value", seen.odd)} if seen.odd else {}),
        **({"other": seen.others} if seen.others else {}),
        **({"loose": True} if found is None else {"terms": [*found]}),
    }
    return {**seen.fields, **_shown(event), "shouwang": ours}


def bare(document: Json) -> Json:
    """Without anything that the server could not take; let through by every narrowing."""
    ours = cast(Json, document["shouwang"])
    kept = {name: value for name, value in ours.items() if name not in ("terms", "other", "odd")}
    return {
        "@timestamp": document["@timestamp"],
        "event.original": document["event.original"],
        "shouwang": {**kept, "loose": True},
    }


def written_by(item: Item, writer: str, batch: str) -> Item:
    """The same document from another writer."""
    document = cast(Json, orjson.loads(item.body))
    ours = {**cast(Json, document["shouwang"]), "writer": writer, "batch": batch}
    return Item(item.index, item.id, item.seq, dumped({**document, "shouwang": ours}), item.account)


def _shown(event: Event) -> Json:
    declared = event.context.get("log.encoding")
    return {
        "@timestamp": rfc3339(event.time_us, UTC),
        "event.ingested": rfc3339(event.received_us, UTC),
        "event.id": event.id.hex(),
        "event.dataset": well_formed(event.shape.dataset),
        "event.original": record_text(event.raw, declared if isinstance(declared, str) else "utf-8"),
    }


def _envelope(event: Event, seq: int, writer: str, batch: str) -> Json:
    found: Json = {
        "time_us": event.time_us,
        "received_us": event.received_us,
        "seq": seq,
        "writer": writer,
        "batch": batch,
        "source": well_formed(event.source),
        "parser": event.shape.parser,
        "version": event.shape.version,
    }
    if event.asset_id:
        found["asset"] = well_formed(event.asset_id)
    if event.context:
        found["context"] = to_json(event.context).decode("utf-8")
    try:
        event.raw.decode("utf-8")
        if event.context.get("log.encoding"):
            raise ValueError  # event.original is read by another encoding
    except ValueError:
        found["raw"] = base64.b64encode(event.raw).decode("ascii")
    return found


def dumped(document: Json) -> bytes:
    return orjson.dumps(document)


def stored_of(id: str, source: Json) -> Stored:
    """Of ``_id`` and ``_source``, whose dotted names a server may have given back as objects."""
    ours = cast(Json, source["shouwang"])
    coded = ours.get("raw")
    raw = base64.b64decode(cast(str, coded)) if coded is not None else _original(source).encode("utf-8")
    context = ours.get("context")
    return Stored(
        id=bytes.fromhex(id),
        time_us=cast(int, ours["time_us"]),
        received_us=cast(int, ours["received_us"]),
        source=cast(str, ours["source"]),
        parser=cast(str, ours["parser"]),
        raw=raw,
        context=cast(Json, from_json(cast(str, context).encode("utf-8"))) if context is not None else {},
        asset_id=cast(str, ours.get("asset", "")),
    )


def _original(source: Json) -> str:
    said = source.get("event.original")
    return cast(str, cast(Json, source["event"])["original"] if said is None else said)


# ------------------------------------------------------------------------------------------------ matches


def match_id(match: Match) -> str:
    """One a rule and event."""
    rule = blake2b(match.rule_id.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{match.event_id.hex()}-{rule}"


def match_document(match: Match, seq: int, writer: str, batch: str) -> Json:
    return {
        "@timestamp": rfc3339(match.time_us, UTC),
        "event.ingested": rfc3339(match.received_us, UTC),
        "rule.id": well_formed(match.rule_id),
        "rule.name": well_formed(match.title),
        "shouwang": {
            "event": match.event_id.hex(),
            "severity": match.severity.name.lower(),
            "time_us": match.time_us,
            "received_us": match.received_us,
            "source": well_formed(match.source),
            "fields": to_json(match.fields).decode("utf-8"),
            "tags": to_json(match.tags).decode("utf-8"),
            "seq": seq,
            "writer": writer,
            "batch": batch,
        },
    }


def match_of(source: Json) -> Match:
    ours = cast(Json, source["shouwang"])
    rule = cast(Json, source.get("rule") or {"id": source.get("rule.id"), "name": source.get("rule.name")})
    return Match(
        rule_id=cast(str, rule["id"]),
        title=cast(str, rule["name"]),
        severity=Severity[cast(str, ours["severity"]).upper()],
        event_id=bytes.fromhex(cast(str, ours["event"])),
        time_us=cast(int, ours["time_us"]),
        received_us=cast(int, ours["received_us"]),
        source=cast(str, ours["source"]),
        fields=cast(Json, from_json(cast(str, ours["fields"]).encode())),
        tags=tuple(cast("list[str]", from_json(cast(str, ours["tags"]).encode()))),
    )
