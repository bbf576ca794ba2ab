"""What we may do in the cluster, and no more: the roles that an administrator gives us. Pure.

As ``PUT _security/role`` takes them. They name indices: fields and documents in a role need a paid licence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from shouwang.eventstore.elastic.template import Names
from shouwang.model import Value

Json = dict[str, Value]

_SEE_TEMPLATES: Final = "indices:admin/index_template/get"


def daemon_role(names: Names) -> Json:
    """Of the one that correlates, searches and lets days go: it changes no event, and removes none but with its day."""
    return {
        "cluster": ["monitor", "manage_index_templates", "manage_ilm"],
        "indices": [
            {
                "names": [f"{names.events}*", f"{names.matches}*"],
                "privileges": [
                    *("create_doc", "create_index", "read", "view_index_metadata", "monitor", "maintenance"),
                    "delete_index",
                ],
            },
            {
                "names": [names.control, f"{names.prefix}-alerts*", f"{names.prefix}-incidents*"],
                "privileges": ["create_index", "read", "write", "view_index_metadata", "monitor", "maintenance"],
            },
        ],
    }


def collector_role(names: Names) -> Json:
    """Of a host that brings events in: it adds, and can neither read, change nor remove what is there.

    In the control index it writes its own marks and ledger; the server cannot hold it to these.
    """
    return {
        "cluster": [_SEE_TEMPLATES],
        "indices": [
            {"names": [f"{names.events}*", f"{names.matches}*"], "privileges": ["create_doc", "create_index"]},
            {"names": [names.control], "privileges": ["create_index", "read", "index"]},
        ],
    }


ROLES: Final[Mapping[str, Callable[[Names], Json]]] = {"daemon": daemon_role, "collector": collector_role}
