"""Files that are each in order become one stream in order, with little of each in hand."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pyarrow as pa
import pytest

from shouwang.eventstore.embedded.segments.merging import Input, grouped, merged

SCHEMA = pa.schema([("time_us", pa.int64()), ("id", pa.binary(16))])
Key = tuple[int, bytes]


def table(keys: list[Key]) -> pa.Table:
    return pa.table([[key[0] for key in keys], [key[1] for key in keys]], schema=SCHEMA)


def keys_of(found: pa.Table) -> list[Key]:
    return list(zip(found["time_us"].to_pylist(), found["id"].to_pylist(), strict=True))


def an_input(keys: list[Key], rows: int, asked: list[int]) -> Input:
    def batches() -> Iterator[pa.RecordBatch]:
        for at in range(0, len(keys), rows):
            asked.append(1)
            yield from table(keys[at : at + rows]).to_batches()

    return Input(keys[0][0], batches())


@pytest.mark.parametrize("seed", range(60))
def test_whatever_lies_in_the_files_comes_out_once_and_in_order(seed: int) -> None:
    chance = random.Random(seed)
    spread = chance.choice([3, 50, 100_000])
    keys = [(chance.randrange(spread) - spread // 2, n.to_bytes(16, "big")) for n in range(chance.randrange(1, 400))]
    files: list[list[Key]] = [[] for _ in range(chance.randrange(1, 7))]
    for key in keys:
        place = key[0] * len(files) // spread if chance.random() < 0.7 else chance.randrange(len(files))
        files[place % len(files)].append(key)
    inputs = [an_input(sorted(file), chance.choice([1, 7, 1000]), []) for file in files if file]
    found = [key for each in merged(inputs) for key in keys_of(each)]
    assert found == sorted(keys)


def test_of_files_that_follow_one_another_only_one_is_in_hand() -> None:
    asked: list[list[int]] = [[] for _ in range(20)]
    files = [[(number * 1000 + n, n.to_bytes(16, "big")) for n in range(1000)] for number in range(20)]
    stream = merged([an_input(file, 100, asked[number]) for number, file in enumerate(files)])
    for done, each in enumerate(stream, 1):
        assert each.num_rows <= 200
        assert sum(map(len, asked)) <= done + 4
    assert sum(map(len, asked)) == 200


def test_a_row_that_is_twice_there_or_out_of_order_is_told() -> None:
    key = (1, bytes(16))
    with pytest.raises(ValueError, match="order"):
        list(merged([an_input([key], 1, []), an_input([key], 1, [])]))
    with pytest.raises(ValueError, match="order"):
        list(merged([an_input([(2, bytes(16)), (1, bytes(16))], 1, [])]))


def test_groups_have_the_rows_that_were_asked_for_or_fewer_where_those_are_large() -> None:
    keys = [(n, n.to_bytes(16, "big")) for n in range(100)]
    tables = [table(keys[at : at + 9]) for at in range(0, 100, 9)]
    assert [each.num_rows for each in grouped(iter(tables), 40, 1 << 30)] == [40, 40, 20]
    small = list(grouped(iter(tables), 40, 400))
    assert [key for each in small for key in keys_of(each)] == keys
    assert max(each.nbytes for each in small) < 800
