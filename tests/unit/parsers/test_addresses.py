from __future__ import annotations

import pytest

from collectors.parsers.addresses import canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:0DB8:0000:0000:0000:0000:0000:0009", "2001:db8::9"),
        ("fe80::1%eth0", "fe80::1"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("10.1.2.300", None),
        ("010.1.2.3", None),
        ("-", None),
        ("", None),
        ("evil", None),
        ("1" * 100, None),
    ],
)
def test_an_address_has_one_form_whatever_the_log_wrote(text: str, expected: str | None) -> None:
    assert canonical(text) == expected
