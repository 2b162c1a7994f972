"""By what a row is recognised that holds the very cells of an earlier one, read in the very same way."""

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version
from typing import Final

import polars as pl
import pydantic

from bulk.model import ROW
from bulk.validation.binding import Binding
from bulk.validation.coerce import PolarsType
from bulk.validation.columns import Schema

ORIGIN_BYTES: Final = 16
_BETWEEN: Final = "\x00"


class Origins:
    """Digests over the cells of rows, and over all that decides what becomes of cells."""

    def __init__(self, kinds: Sequence[tuple[Schema, Binding]], *options: str) -> None:
        """`kinds` are those that a row may be of; `options` are what else matters, such as how null is written."""
        self._kinds = kinds
        self._options = options

    def of(self, frame: pl.DataFrame) -> list[bytes | None]:
        """A digest for each row; None where its cells cannot be told from others by their text."""
        cells = [column.alias(str(number)) for number, column in enumerate(frame.drop(ROW).get_columns())]
        types = [column.dtype for column in cells]
        if not all(map(_differs_as_its_text, types)):
            return [None] * frame.height
        begun = blake2b(repr((self._way, frame.columns, types)).encode(), digest_size=ORIGIN_BYTES)
        texts = [pl.col(column.name).to_physical().cast(pl.String).fill_null("") for column in cells]
        joined = pl.DataFrame(cells).select(pl.concat_str(texts, separator=_BETWEEN)).to_series()
        # Where what stands between two cells stands in one too, another row may read the same.
        alone = joined.str.count_matches(_BETWEEN, literal=True) == len(cells) - 1
        digests: list[bytes | None] = []
        for text in pl.select(pl.when(alone).then(joined.cast(pl.Binary))).to_series().to_list():
            if text is None:
                digests.append(None)
            else:
                digest = begun.copy()
                digest.update(text)
                digests.append(digest.digest())
        return digests

    @cached_property
    def _way(self) -> str:
        """How cells become documents: what a later version of anything of it makes of them may be something else."""
        kinds = [
            (schema.model, schema.model.model_json_schema(), schema.columns, schema.rules, binding)
            for schema, binding in self._kinds
        ]
        return repr((version("bulk"), pl.__version__, pydantic.__version__, kinds, self._options))


def _differs_as_its_text(dtype: PolarsType) -> bool:
    """Whether two values of a type have different texts, but for null and the empty text: both are blank."""
    return dtype in {pl.String, pl.Boolean, pl.Null} or dtype.is_numeric() or dtype.is_temporal()
