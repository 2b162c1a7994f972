"""Files to frames and back: one module for each format, one mapping by suffix."""

from bulk.formats.registry import FORMATS, format_for, format_to_write
from bulk.formats.source import Source, open_source

__all__ = ["FORMATS", "Source", "format_for", "format_to_write", "open_source"]
