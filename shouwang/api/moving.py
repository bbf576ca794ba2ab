"""Acts on a move to another event store: planned or begun, how far it is, called off."""

from __future__ import annotations

from pydantic import Field

from shouwang.api.context import Args, Context, Json, NoArgs
from shouwang.errors import UsageError
from shouwang.eventstore.elastic.place import place
from shouwang.moveplan import Plan, begun, plan
from shouwang.moves import EMBEDDED, MOVE, Aim, Move
from shouwang.words import Words


class MigrateArgs(Args):
    to: str = Field(min_length=1, max_length=2000)
    """``embedded``, or a cluster's URL."""
    ca: str = Field(default="", max_length=4096)
    credentials: str = Field(default="", max_length=4096)
    """Paths, as in the settings."""
    dry_run: bool = False


def migrate(context: Context, args: MigrateArgs) -> Json:
    """Begins it, or says what would be moved. The same once more changes nothing. The daemon does it, by and by."""
    services = context.services
    aim = Aim(prefix=services.config.store.prefix)
    if args.to != EMBEDDED:
        where = place(args.to)
        aim = Aim(",".join(where.urls), args.ca, args.credentials, services.config.store.prefix)
    under_way = services.moving.move
    if under_way is not None and under_way.goes_on:
        if under_way.aim != aim:
            raise UsageError(
                Words(f"正在迁移到 {under_way.aim}。", f"A move to {under_way.aim} goes on."),
                hint=Words("`shouwang store migrate --cancel` 可取消。", "`shouwang store migrate --cancel` ends it."),
            )
        services.moving.wake()
        return {**migration(context, NoArgs()), "begun_now": False}
    planned = plan(services, aim)
    if not args.dry_run:
        move = begun(services, planned, context.user)
        with context.act("store.migrate", str(aim), {"from": str(planned.left), "days": planned.days}) as tx:
            tx.memory.put(MOVE, move.dumped())
        services.moving.wake()
    return {**_planned(planned), "begun_now": not args.dry_run, "runs": services.running is not None}


def migration(context: Context, args: NoArgs) -> Json:
    """``stage``: null, moving, ready, done."""
    move = context.services.moving.move
    if move is None:
        return {"stage": None}
    seen = context.services.moving.progress
    return {
        "stage": move.stage,
        "to": str(move.aim),
        "from": str(move.left),
        "by": move.by,
        "begun": context.time(move.begun_us),
        "done": context.optional_time(move.done_us),
        "days": seen.days,
        "days_moved": seen.days_moved,
        "day": seen.day.isoformat() if seen.day else None,
        "events": seen.events,
        "bytes": seen.bytes,
        "bytes_moved": seen.bytes_moved,
        "left_s": seen.left_s(),
        "faults": [
            {"day": each.day, "source": each.source, "what": context.say(each.what)} for each in move.faults[:1000]
        ],
        "why": context.say(move.why) if move.why else None,
        "kept": _kept(context, move) if move.stage == "done" else None,
    }


def cancel(context: Context, args: NoArgs) -> Json:
    move = context.services.moving.move
    if move is None or not move.goes_on:
        raise UsageError(Words("没有正在进行的迁移。", "No move goes on."))
    with context.act("store.migrate.cancel", str(move.aim), {"days": len(move.days)}) as tx:
        tx.memory.put(MOVE, b"")
    context.services.moving.wake()
    return {"cancelled": str(move.aim)}


def _kept(context: Context, move: Move) -> str:
    """What is left of the old store."""
    if move.left.url:
        return context.say(
            Words(
                f"{move.left} 上的 {move.left.prefix}-* 索引和本机的 spool.db",
                f"the indices {move.left.prefix}-* on {move.left}, and spool.db in the home",
            )
        )
    return context.say(Words("数据目录中的 events.db 和 segments/", "events.db and segments/ in the home"))


def _planned(planned: Plan) -> Json:
    return {
        "to": str(planned.aim),
        "from": str(planned.left),
        "days": planned.days,
        "first": planned.first.isoformat() if planned.first else None,
        "last": planned.last.isoformat() if planned.last else None,
        "events": planned.events,
        "bytes": planned.bytes,
        "needs_bytes": planned.needs_bytes,
        "free_bytes": planned.free_bytes,
        "version": planned.version,
    }
