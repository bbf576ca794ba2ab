"""Accounts and groups as shadow's tools change them: useradd, usermod, userdel, groupadd, gpasswd, passwd, chage.

Source: shadow, audit messages of src/*.c.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.flags import Doc

_RULES: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern), action, outcome)
    for pattern, action, outcome in (
        (r"new user: name=(?P<target>[^,]*), UID=(?P<id>\d+)", "user_created", "success"),
        (r"failed adding user '(?P<target>[^']*)'", "user_created", "failure"),
        (r"new group: name=(?P<group>[^,]*)", "group_created", "success"),
        (r"group added to \S+: name=(?P<group>[^,\s]*)", "group_created", "success"),
        (r"add '(?P<target>[^']*)' to (?:shadow )?group '(?P<group>[^']*)'", "group_member_added", "success"),
        (r"user (?P<target>\S+) added by (?P<user>\S+) to group (?P<group>\S+)", "group_member_added", "success"),
        (r"delete '(?P<target>[^']*)' from (?:shadow )?group '(?P<group>[^']*)'", "group_member_removed", "success"),
        (r"user (?P<target>\S+) removed by (?P<user>\S+) from group (?P<group>\S+)", "group_member_removed", "success"),
        (r"delete user '(?P<target>[^']*)'", "user_deleted", "success"),
        (r"removed (?:shadow )?group '(?P<group>[^']*)'", "group_deleted", "success"),
        (r"group '(?P<group>[^']*)' removed", "group_deleted", "success"),
        (r"change user '(?P<target>[^']*)' password", "user_password_changed", "success"),
        (r"password for '?(?P<target>[^' ]*)'? changed by '?(?P<user>[^' ]*)'?", "user_password_changed", "success"),
        (r"(?:un)?lock user '(?P<target>[^']*)' password", "user_changed", "success"),
        (r"change user (?:name )?'(?P<target>[^']*)'", "user_changed", "success"),
        (r"changed password expiry for (?P<target>\S+)", "user_changed", "success"),
        (r"changed user '(?P<target>[^']*)' information", "user_changed", "success"),
    )
)


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """``user.target.name`` is the account changed; ``user.name`` who changed it, where the line says so."""
    for pattern, action, outcome in _RULES:
        if (found := pattern.match(message)) is None:
            continue
        doc["event.category"] = "iam"
        doc["event.action"] = action
        doc["event.outcome"] = outcome
        named = found.groupdict()
        for key, name in (("target", "user.target.name"), ("user", "user.name"), ("group", "group.name")):
            if value := named.get(key):
                doc[name] = value
        if value := named.get("id"):
            doc["user.target.id"] = value
        break
    return ()
