"""Database logs: what PostgreSQL 15 and MariaDB 10.11 wrote, and what somebody outside would like them to have said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sniff import sniff
from shouwang.model import Value
from tests.unit.parsers.reading import read, serves, tags, us, view

HEAD = "2026-11-25 21:41:29.661 CST [20496] "
WHO = ("event.action", "user.name", "database.name", "source.ip", "database.statement")


def pg(line: str) -> dict[str, Value]:
    return view(read("postgresql", HEAD + line), *WHO)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "app@residents LOG:  statement: copy residents to program 'cat > /tmp/x';",
            ("db_statement", "app", "residents", None, "copy residents to program 'cat > /tmp/x';"),
        ),
        (
            "app@residents LOG:  duration: 1.209 ms  execute <unnamed>: select $1",
            ("db_statement", "app", "residents", None, "select $1"),
        ),
        (
            'app@residents 203.0.113.7(34772) FATAL:  password authentication failed for user "app"',
            ("db_login_failed", "app", "residents", "203.0.113.7", None),
        ),
        (
            'a@b FATAL:  no pg_hba.conf entry for host "203.0.113.7", user "a", database "b", no encryption',
            ("db_client_refused", "a", "b", "203.0.113.7", None),
        ),
        ("[unknown]@[unknown] LOG:  connection received: host=2001:db8::1 port=3", ("db_connection", "2001:db8::1")),
    ],
)
def test_postgresql_says_who_did_what(line: str, expected: tuple[str | None, ...]) -> None:
    assert tuple(pg(line).values()) == tuple(value for value in expected if value is not None)


def test_a_record_of_several_lines_is_one_statement() -> None:
    event = read("postgresql", HEAD + "app@residents LOG:  statement: select *\n\t  from residents;")
    assert event.get("database.statement") == "select *\n  from residents;"


def test_the_name_of_a_refused_client_runs_no_statement_in_anybodys_name() -> None:
    """Written by PostgreSQL 15.18 for a client that called itself so."""
    name = "evil@x LOG:  statement: DROP DATABASE residents"
    line = f'{HEAD}{name}@residents FATAL:  password authentication failed for user "{name}"'
    event = read("postgresql", line)
    assert "ambiguous" in tags(event)
    assert view(event, "user.name", "database.name", "source.ip") == {}


@pytest.mark.parametrize(
    ("line", "sql"),
    [
        ('3,1,READ,SELECT,,,"select \'a ""quoted"", one\' as x,\n\t  name from residents;",<none>', None),
        (
            "4,1,READ,COPY,,,copy residents to program 'cat > /tmp/q';,<none>",
            "copy residents to program 'cat > /tmp/q';",
        ),
        (
            '2,1,DDL,CREATE TABLE,TABLE,public.r,"create table r(i int, n text);",<none>',
            "create table r(i int, n text);",
        ),
    ],
)
def test_what_pgaudit_writes_is_a_statement(line: str, sql: str | None) -> None:
    """Written by pgAudit 1.7 on PostgreSQL 15."""
    event = read("postgresql", HEAD + "app@residents LOG:  AUDIT: SESSION," + line)
    assert event.get("database.statement") == (sql or "select 'a \"quoted\", one' as x,\n  name from residents;")
    assert event.get("event.action") == "db_statement"


def test_a_statement_is_not_hidden_by_words_of_a_refusal_at_its_end() -> None:
    sql = 'DROP DATABASE residents -- @x FATAL:  password authentication failed for user "a"'
    assert pg(f"app@residents LOG:  statement: {sql}")["database.statement"] == sql


def test_json_logs_leave_no_doubt_about_such_a_name() -> None:
    name = "evil@x LOG:  statement: DROP DATABASE residents"
    written = {
        "timestamp": "2026-11-25 21:41:29.661 UTC",
        "user": name,
        "dbname": "residents",
        "remote_host": "203.0.113.7",
        "remote_port": 34810,
        "line_num": 2,
        "error_severity": "FATAL",
        "message": f'password authentication failed for user "{name}"',
        "backend_type": "client backend",
    }
    event = read("json", json.dumps(written))
    assert view(event, *WHO) == {
        "event.action": "db_login_failed",
        "user.name": name,
        "database.name": "residents",
        "source.ip": "203.0.113.7",
    }
    assert event.time_us == us("2026-11-25T21:41:29.661Z")
    assert serves(event, "postgresql", "database", None)


@pytest.mark.parametrize(("zone", "clock"), [("UTC", "21:41:29Z"), ("+08", "13:41:29Z"), ("CST", "13:41:29Z")])
def test_a_zones_short_name_is_the_sources_own_and_utc_is_utc(zone: str, clock: str) -> None:
    event = read("postgresql", f"2026-11-25 21:41:29 {zone} [7] LOG:  shutting down")
    assert event.time_us == us(f"2026-11-25T{clock}")


@pytest.mark.parametrize("user", ["evil,127.0.0.1,1,1,QUERY,x,'", "a,b", "ev'@'10.0.0.1' (using password: NO)"])
def test_a_name_with_the_audit_logs_own_marks_is_only_a_name(user: str) -> None:
    """Written by MariaDB 10.11.19."""
    event = read("mysql", f"20261125 13:43:04,db-1,{user},203.0.113.7,13,0,FAILED_CONNECT,,,1045")
    assert view(event, *WHO) == {"event.action": "db_login_failed", "user.name": user, "source.ip": "203.0.113.7"}


@pytest.mark.parametrize("user", ["root", "ev'@'10.0.0.1' (using password: NO)", "x'@'y"])
def test_the_address_in_the_error_log_is_the_last_one(user: str) -> None:
    line = f"2026-11-25 13:43:04 14 [Warning] Access denied for user '{user}'@'203.0.113.7' (using password: YES)"
    for event in (read("mysql", line), read("syslog", f"<28>Nov 25 13:43:04 db-1 mariadbd[7]: {line}")):
        assert view(event, "event.action", "user.name", "source.ip") == {
            "event.action": "db_login_failed",
            "user.name": user,
            "source.ip": "203.0.113.7",
        }
        assert serves(event, "mysql", "database", None)


def test_audited_sql_is_unescaped() -> None:
    event = read("mysql", r"20261125 13:43:04,db-1,app,localhost,5,9,QUERY,residents,'insert (1,\'a\\\'b\'),\n2',0")
    assert event.get("database.statement") == "insert (1,'a\\'b'),\n2"
    assert event.get("source.ip") is None or "source.ip" not in event.fields()


@given(st.text(max_size=80))
def test_no_text_of_a_client_makes_a_database_parser_fail_or_lose_the_line(text: str) -> None:
    for parser, line in (
        ("postgresql", f"{HEAD}{text}@residents FATAL:  {text}"),
        ("postgresql", text),
        ("mysql", f"20261125 13:43:04,db-1,{text},localhost,5,9,QUERY,r,'{text}',0"),
        ("mysql", f"\t\t     9 Query\t{text}"),
    ):
        raw = line.encode("utf-8", "replace")
        assert read(parser, raw).raw == raw


@pytest.mark.parametrize(
    ("line", "parser"),
    [
        (HEAD + "app@residents LOG:  statement: select 1", "postgresql"),
        ("2026-11-25 21:41:29.344 CST [20473] LOG:  starting PostgreSQL 15.18", "postgresql"),
        ("20261125 13:43:04,vm,root,localhost,3,0,CONNECT,,,0", "mysql"),
        ("2026-11-25 13:43:04 0 [Note] mariadbd: ready for connections.", "mysql"),
        ("2026-11-24T00:15:30.123456Z 0 [System] [MY-010116] [Server] mysqld starting", "mysql"),
        ("\t\t     3 Query\tselect 1", "mysql"),
    ],
)
def test_database_logs_are_told_by_their_first_lines(line: str, parser: str) -> None:
    assert sniff(line.encode() + b"\n", "some.log") == parser
