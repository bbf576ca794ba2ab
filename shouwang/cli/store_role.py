"""``shouwang store role``: what Elasticsearch must allow us, and no more. Asks neither a daemon nor a cluster."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Final

from shouwang.cli.options import verb, words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

WHO: Final = ("daemon", "collector")


def add_parsers(verbs: Subparsers) -> None:
    parser = verb(verbs, "role", role, "Elasticsearch 最小权限 / what Elasticsearch must allow us, as a role")
    parser.add_argument(
        "--for",
        dest="whom",
        choices=WHO,
        default="daemon",
        help="daemon 关联、检索、到期删除；collector 只写入 / collector: of `shouwang collect`, which only adds",
    )
    parser.add_argument("--prefix", metavar="NAME", default="shouwang", help="索引名前缀 / what our indices begin with")


def role(args: argparse.Namespace) -> int:
    """On stdout the JSON that ``PUT _security/role`` takes; on stderr, to a person, what to do with it."""
    from shouwang.eventstore.elastic.role import ROLES  # noqa: PLC0415  # only here: it loads what other commands need not
    from shouwang.eventstore.elastic.template import Names  # noqa: PLC0415  # see above

    print(json.dumps(ROLES[args.whom](Names(args.prefix)), indent=2))
    if not args.json and sys.stderr.isatty():
        say = words(args)
        print(
            say(
                f"用法：PUT _security/role/shouwang-{args.whom}，或 POST _security/api_key 的 role_descriptors；"
                "步骤见 docs/how-to/elasticsearch.md。",
                f"For PUT _security/role/shouwang-{args.whom}, or the role_descriptors of POST _security/api_key; "
                "see docs/how-to/elasticsearch.md.",
            ),
            file=sys.stderr,
        )
    return 0
