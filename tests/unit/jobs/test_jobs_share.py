"""Shares of a source: every row is in exactly one of them, judged as it would be in the whole."""

import pytest
from catalogs import product, write_csv

from bulk.connectors.luminous import PRODUCTS
from bulk.formats import open_source
from bulk.jobs.checker import Checker
from bulk.jobs.reading import Reading
from bulk.jobs.share import STRIPE, WHOLE, Share

FAULTY = (8, 70, 71, 300)


@pytest.fixture
def source(tmp_path):
    rows = [product(number, **({"retail_price": "cheap"} if number in FAULTY else {})) for number in range(1, 341)]
    rows += [{"sku": f"V-{number}", "name": "Variant", "parent_sku": f"SKU-{number:05}"} for number in (1, 60, 170)]
    with open_source(str(write_csv(tmp_path / "catalog.csv", rows))) as opened:
        yield opened


async def judged(checker, share=WHOLE):
    chunks = [chunk async for chunk in checker.again(share)]
    records = {record.row: record for chunk in chunks for record in chunk.records}
    return records, {one.row: one for chunk in chunks for one in chunk.rejections}


@pytest.mark.parametrize("swept", [False, True], ids=["judged anew", "as it was checked"])
@pytest.mark.parametrize("of", [2, 3])
async def test_shares_are_the_whole_and_have_no_row_in_common(source, of, swept):
    records, rejections = await judged(Checker(source, PRODUCTS, Reading()))
    assert len(records) == 336
    together, rejected = [], []
    for number in range(of):
        checker = Checker(source, PRODUCTS, Reading())
        if swept:
            assert [chunk async for chunk in checker.sweep()]
        some, bad = await judged(checker, Share(number=number, of=of))
        assert {row // STRIPE % of for row in some} == {number}
        together += some.values()
        rejected += bad.values()
    assert sorted(together, key=lambda record: record.row) == list(records.values())
    assert sorted(rejected, key=lambda one: one.row) == sorted(rejections.values(), key=lambda one: one.row)
