"""Who may do what."""

from __future__ import annotations

import pytest

from shouwang.access import Need, Role, may, require, role_of
from shouwang.errors import AccessError

MATRIX = {
    (None, Need.READ): False,
    (None, Need.WORK): False,
    (None, Need.ADMINISTER): False,
    (Role.AUDITOR, Need.READ): True,
    (Role.AUDITOR, Need.WORK): False,
    (Role.AUDITOR, Need.ADMINISTER): False,
    (Role.ANALYST, Need.READ): True,
    (Role.ANALYST, Need.WORK): True,
    (Role.ANALYST, Need.ADMINISTER): False,
    (Role.ADMINISTRATOR, Need.READ): True,
    (Role.ADMINISTRATOR, Need.WORK): True,
    (Role.ADMINISTRATOR, Need.ADMINISTER): True,
}


@pytest.mark.parametrize(("who", "allowed"), MATRIX.items(), ids=str)
def test_the_matrix_of_roles_and_needs(who: tuple[Role | None, Need], allowed: bool) -> None:
    role, need = who
    assert may(role, need) is allowed
    if allowed:
        assert require("u", role, need, "act") is role
    else:
        with pytest.raises(AccessError, match="u") as refused:
            require("u", role, need, "act")
        assert refused.value.hint


def test_the_matrix_is_whole() -> None:
    assert set(MATRIX) == {(role, need) for role in (None, *Role) for need in Need}


def test_the_owner_is_administrator_and_root_is_nobody_special() -> None:
    roles = {"lisi": Role.ANALYST, "shouwang": Role.AUDITOR}
    assert role_of("shouwang", owner="shouwang", roles=roles) is Role.ADMINISTRATOR
    assert role_of("lisi", owner="shouwang", roles=roles) is Role.ANALYST
    assert role_of("root", owner="shouwang", roles=roles) is None
    assert role_of("root", owner="root", roles={}) is Role.ADMINISTRATOR
