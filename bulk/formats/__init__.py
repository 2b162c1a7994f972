"""Files to frames and back: one module for each format, one mapping by suffix.

- `csv` (parsed by `csv_parser`), `json` and `ndjson` (rows by `json_records`, a scan by `json_scan`), `parquet`,
  `excel` (`excel_archive` looks into the zip, `excel_padding` for leading zeros, `excel_writer` writes)
- `source`: what the user named, as tables: paths, globs, stdin, `remote` addresses; `registry`: which format
- `text`, `sniffing`: encodings and delimiters; `files`: gzip, changes meanwhile, replacing at one stroke
- `header`, `frames`, `cells`, `formulas`: what frames of every format have in common
"""

from bulk.formats.registry import FORMATS, format_for, format_to_write
from bulk.formats.source import Source, open_source, shown

__all__ = ["FORMATS", "Source", "format_for", "format_to_write", "open_source", "shown"]
