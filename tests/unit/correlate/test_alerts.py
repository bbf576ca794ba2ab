from __future__ import annotations

from dataclasses import replace

from detection.alerting import EVENT_IDS, FIELDS, VALUES, Origin, grown, hit_of, opened, united
from detection.correlate import Correlator
from detection.hits import Hit, Member
from detection.suppress import LONGEST_US, QUIET_US, Seen, Stretches, digest
from shouwang.model import Severity, Value
from shouwang.words import words
from tests.unit.correlate.making import MINUTE, START, a_correlation, a_match


def placed(stretches: Stretches, hit: Hit, *, closed: frozenset[str] = frozenset()) -> list[str]:
    return [stretches.place(hit, member, lambda key: key in closed) for member in hit.members]


def place(stretches: Stretches, at_us: int, *, closed: frozenset[str] = frozenset(), ip: str = "192.0.2.7") -> str:
    (key,) = placed(stretches, hit_of(a_match(1, at_us=at_us, fields={"source.ip": ip})), closed=closed)
    return key


def fresh() -> Stretches:
    return Stretches(lambda name: None)


def test_events_within_the_quiet_hour_are_one_alert_and_later_ones_another() -> None:
    stretches = fresh()
    first = place(stretches, 0)
    assert place(stretches, 50 * MINUTE) == first
    assert place(stretches, 50 * MINUTE + QUIET_US) == first
    assert place(stretches, 51 * MINUTE + 2 * QUIET_US) != first


def test_an_alert_lasts_a_day_at_most() -> None:
    stretches = fresh()
    keys = [place(stretches, n * 30 * MINUTE) for n in range(100)]
    assert len(set(keys)) == 100 * 30 * MINUTE // LONGEST_US + 1


def test_a_correlation_over_days_is_not_cut_at_one_day() -> None:
    correlator = Correlator([a_correlation(count=4, timespan_s=3 * 86_400)])
    hits = [hit for n in range(4) for hit in correlator.feed(a_match(n, at_us=n * 23 * 60 * MINUTE))]
    stretches = fresh()
    assert len({key for hit in hits for key in placed(stretches, hit)}) == 1


def test_each_address_has_its_own_alert_and_case_does_not_matter() -> None:
    stretches = fresh()
    assert place(stretches, 0, ip="host-a") != place(stretches, 0, ip="host-b")
    assert place(stretches, 0, ip="HOST-A") == place(stretches, 0, ip="host-a")


def test_old_and_new_times_of_one_group_do_not_tear_each_other_apart() -> None:
    stretches = fresh()
    keys = [place(stretches, n - (n % 2) * 90 * 1440 * MINUTE) for n in range(10)]
    assert len(set(keys)) == 2


def test_what_follows_a_closed_alert_is_a_new_one_and_what_lies_within_joins_it() -> None:
    stretches = fresh()
    old = place(stretches, 0)
    assert place(stretches, 10 * MINUTE) == old
    closed = frozenset({old})
    new = place(stretches, 11 * MINUTE, closed=closed)
    assert new != old
    assert place(stretches, 12 * MINUTE, closed=closed) == new
    assert place(stretches, 5 * MINUTE, closed=closed) in {old, new}


def test_the_key_is_a_hash_of_rule_group_and_start_so_repeating_gives_the_same() -> None:
    assert place(fresh(), 0) == place(fresh(), 0)
    assert place(fresh(), 0) != place(fresh(), 1)


def test_stretches_survive_a_restart_and_stay_bounded() -> None:
    held: dict[str, bytes] = {}
    first = Stretches(held.get)
    key = place(first, 0)
    held |= first.changed()
    assert place(Stretches(held.get), MINUTE) == key
    crowded = Stretches(lambda name: None, groups_in_part=2)
    for n in range(1000):
        place(crowded, 0, ip=f"10.0.{n // 256}.{n % 256}")
    assert sum(part.count(b"[[") for part in crowded.changed().values()) <= 64 * 2 + 64


def test_a_repeated_delivery_is_told_from_a_new_one_also_after_a_restart() -> None:
    seen = Seen(None)
    assert [seen.is_repeat("r", b"1"), seen.is_repeat("r", b"1"), seen.is_repeat("s", b"1")] == [False, True, False]
    assert Seen(seen.kept()).is_repeat("r", b"1")
    for n in range(5000):
        seen.is_repeat("r", n.to_bytes(16, "big"))
    assert len(seen.kept()) == 4096 * 8


def test_counts_are_exact_while_ids_and_values_are_bounded() -> None:
    members = tuple(Member(n.to_bytes(16, "big"), START + n, START, {"user.name": (f"u{n:04}",)}) for n in range(300))
    hit = Hit("r", "t", Severity.HIGH, ("attack.t1110",), ("source.ip=x",), members)
    alert = opened(hit, members[:200], Origin("A-1", "key", words("Many")))
    alert = grown(alert, hit, members[200:])
    assert alert.count == 300
    assert alert.event_ids == tuple(m.event_id for m in members[:EVENT_IDS])
    assert alert.entities["user.name"] == tuple(f"u{n:04}" for n in range(VALUES))
    assert (alert.first_us, alert.last_us) == (START, START + 299)


def test_an_alert_stays_as_grave_and_as_uncertain_as_it_once_was() -> None:
    grave = replace(hit_of(a_match(0)), severity=Severity.CRITICAL, at_least=True)
    light = replace(grave, severity=Severity.LOW, at_least=False)
    alert = grown(opened(grave, grave.members, Origin("A-1", "k", words("t"))), light, light.members)
    assert (alert.severity, alert.at_least) == (Severity.CRITICAL, True)


def test_fields_of_one_alert_are_bounded_and_the_first_stay() -> None:
    many = [{f"f{number:03}": ["x"]} for number in range(FIELDS + 5)]
    assert list(united(*many)) == [f"f{number:03}" for number in range(FIELDS)]


def test_parts_that_read_alike_when_joined_are_told_apart() -> None:
    assert digest("ab", "c", size=8) != digest("a", "bc", size=8)


def test_late_members_move_the_first_time_back() -> None:
    hit = hit_of(a_match(1, at_us=MINUTE))
    earlier = hit_of(a_match(2, at_us=0))
    alert = grown(opened(hit, hit.members, Origin("A-1", "k", words("Many"))), earlier, earlier.members)
    assert (alert.first_us, alert.last_us, alert.count) == (START, START + MINUTE, 2)


def test_what_was_seen_first_is_never_displaced() -> None:
    before = united({"f": [f"z{n:03}" for n in range(VALUES)]})
    assert united(before, {"f": ["a"]}) == before


def test_a_match_without_entities_is_grouped_by_its_source() -> None:
    assert hit_of(a_match(1, fields={})).group == ("source=file:auth.log",)


def test_an_alert_says_which_values_counted_and_what_they_came_to() -> None:
    ports: list[tuple[int, dict[str, Value]]] = [
        (n, {"source.ip": "192.0.2.7", "destination.port": n % 4 + 20}) for n in range(8)
    ]
    scan = a_correlation(kind="value_count", count=3, field=("destination.port",))
    bytes_ = a_correlation(kind="value_sum", count=100, field=("destination.port",))
    said = {}
    for correlation in (scan, bytes_):
        correlator = Correlator([correlation])
        hits = [hit for n, fields in ports for hit in correlator.feed(a_match(n, at_us=n, fields=fields))]
        alert = opened(hits[0], hits[0].members, Origin("A-1", "k", words("t")))
        for hit in hits[1:]:
            alert = grown(alert, hit, hit.members)
        said[alert.kind] = (alert.count, alert.group, alert.values, alert.measured)
    group = ("source.ip=192.0.2.7",)
    assert said == {
        "value_count": (8, group, ("20", "21", "22", "23"), "4"),
        "value_sum": (8, group, (), str(2 * (20 + 21 + 22 + 23))),
    }


def test_an_alert_of_a_finished_window_says_what_it_came_to() -> None:
    correlation = a_correlation(kind="value_avg", count=10, field=("n",))
    correlator = Correlator([correlation])
    for n in range(4):
        correlator.feed(a_match(n, at_us=n, fields={"source.ip": "192.0.2.7", "n": str(10 + n)}))
    (hit,) = correlator.flush()
    assert opened(hit, hit.members, Origin("A-1", "k", words("t"))).measured == "11.5"


def test_more_values_than_are_kept_are_not_counted_wrong() -> None:
    correlator = Correlator([a_correlation(kind="value_count", count=3, field=("n",))])
    matches = [a_match(n, at_us=n, fields={"source.ip": "192.0.2.7", "n": n}) for n in range(VALUES + 9)]
    hits = [hit for match in matches for hit in correlator.feed(match)]
    alert = opened(hits[0], hits[0].members, Origin("A-1", "k", words("t")))
    for hit in hits[1:]:
        alert = grown(alert, hit, hit.members)
    assert (alert.count, len(alert.values), alert.measured) == (VALUES + 9, VALUES, f">{VALUES}")
