"""The dictionary of fields is whole, and its page says the same."""

from __future__ import annotations

from collectors.sources.metrics import measured
from tests.unit.fields.page import PAGE, fields, page


def test_every_metric_of_this_host_stands_in_the_dictionary() -> None:
    assert {name for doc in measured() for name in doc} <= set(fields())


def test_the_page_of_fields_is_the_dictionarys() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.unit.fields.page > docs/reference/fields.md"
