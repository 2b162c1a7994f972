"""Everything that a query finds, as one file.

- `exporter`: the loop; `listing`: pages read and laid aside; `completeness`: whether nothing was missed meanwhile;
  `bookmark`: where the next incremental export begins
- `spool`: what was read so far, so that an export can go on; `pieces`: the parts of it; `compact_dict`: which records
  it holds
- `spreading`, `flattening`: documents as columns and as rows; `fitting`: values in typed columns; `interim_columns`:
  columns whose type is not known yet
- `output`: the file and its manifest; `garbage_collection`: less of it while many records pass
"""
