-- The schema, as the steps that lead to it: each section is the version that its statements bring a ledger up to.
-- A step that was ever released is never edited; a change is a new section at the end.

-- name: 1
-- Where runs write: the ground on which "what last succeeded" is known, and on which runs exclude each other.
-- The target is an address without credentials; nothing secret is ever stored.
CREATE TABLE place (
    number INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    resource TEXT NOT NULL,
    UNIQUE (target, resource)
);

-- The columns from "enrolled" to "not_tried" are the totals of the last finish; while a run is under way, entries are
-- counted instead. "enrolled" is counted as rows come in, so that the sum over entries has something to be held against.
CREATE TABLE run (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    place INTEGER NOT NULL REFERENCES place (number),
    operation TEXT NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    options TEXT NOT NULL,
    parent TEXT REFERENCES run (id),
    status TEXT NOT NULL
        CHECK (status IN ('running', 'completed', 'paused', 'interrupted', 'stopped', 'refused')),
    checked INTEGER NOT NULL DEFAULT 0,
    started_at REAL NOT NULL,
    finished_at REAL,
    seconds REAL NOT NULL DEFAULT 0,
    enrolled INTEGER NOT NULL DEFAULT 0,
    invalid INTEGER NOT NULL DEFAULT 0,
    succeeded INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    not_tried INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    retried INTEGER NOT NULL DEFAULT 0,
    throttled INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER,
    reason TEXT
);

-- One line for every row of every run. Narrow, because most rows have nothing more to say. "repeated": an earlier start
-- may have sent it. "since": the run that wrote the same before, for rows that are unchanged. The status has no CHECK: it
-- would cost a third of every settlement, and a status that is none keeps the totals from closing.
CREATE TABLE entry (
    run INTEGER NOT NULL REFERENCES run (number),
    row INTEGER NOT NULL,
    key TEXT,
    digest BLOB,
    status TEXT NOT NULL,
    outcome TEXT,
    http_status INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    repeated INTEGER NOT NULL DEFAULT 0,
    code TEXT,
    remote_id TEXT,
    since INTEGER,
    finished_at REAL,
    PRIMARY KEY (run, row)
) WITHOUT ROWID;

-- What only rows in trouble have. Cells are JSON by original header.
CREATE TABLE detail (
    run INTEGER NOT NULL,
    row INTEGER NOT NULL,
    message TEXT,
    response TEXT,
    cells TEXT,
    PRIMARY KEY (run, row),
    FOREIGN KEY (run, row) REFERENCES entry (run, row) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE violation (
    run INTEGER NOT NULL,
    row INTEGER NOT NULL,
    number INTEGER NOT NULL,
    "column" TEXT,
    rule TEXT NOT NULL,
    value TEXT,
    message TEXT NOT NULL,
    advice TEXT,
    PRIMARY KEY (run, row, number),
    FOREIGN KEY (run, row) REFERENCES entry (run, row) ON DELETE CASCADE
) WITHOUT ROWID;

-- What was last written under a key, by which run and when. Not "sure" from the moment a later write may have begun
-- until it is known to have succeeded: only what is sure may call a row unchanged. The "remote_id" tells which keys are
-- names of one record, so that a write under one of them casts doubt on the others.
CREATE TABLE known (
    place INTEGER NOT NULL REFERENCES place (number),
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    sure INTEGER NOT NULL,
    run INTEGER NOT NULL,
    at REAL NOT NULL,
    remote_id TEXT,
    PRIMARY KEY (place, key)
) WITHOUT ROWID;

CREATE INDEX known_remote_id ON known (place, remote_id) WHERE remote_id IS NOT NULL;

-- name: 2
-- "carrier": the row whose document holds this one. Its members are looked for with every claim.
ALTER TABLE entry ADD COLUMN carrier INTEGER;

-- Whether the checking found every field to be known at the API with its value.
ALTER TABLE entry ADD COLUMN same INTEGER NOT NULL DEFAULT 0;

-- Columns of the file whose cells break a rule but are as the API itself gave them: a JSON array.
ALTER TABLE entry ADD COLUMN forgiven TEXT;

CREATE INDEX entry_carrier ON entry (run, carrier) WHERE carrier IS NOT NULL;

-- Made anew as a table with row numbers: a row with fields is wide, and a tree of keys that holds such rows is deep.
-- "fields" is what is known field by field, see `bulk.fingerprint`. It is empty while a row with this key is in flight,
-- and NULL as soon as another write may have reached the same record meanwhile: what was known at the claim cannot be
-- built on then. "seen" is the export that read the record after it was last written; its fields decide from then on,
-- and not the digest.
CREATE TABLE known_by_field (
    place INTEGER NOT NULL REFERENCES place (number),
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    sure INTEGER NOT NULL,
    run INTEGER NOT NULL,
    at REAL NOT NULL,
    remote_id TEXT,
    seen INTEGER,
    fields BLOB,
    PRIMARY KEY (place, key)
);

INSERT INTO known_by_field (place, key, digest, sure, run, at, remote_id)
SELECT place, key, digest, sure, run, at, remote_id FROM known;

DROP TABLE known;

ALTER TABLE known_by_field RENAME TO known;

CREATE INDEX known_remote_id ON known (place, remote_id, key) WHERE remote_id IS NOT NULL;

-- Where the next incremental export goes on from.
ALTER TABLE run ADD COLUMN bookmark TEXT;

-- name: 3
-- Requests a second that an API was last found to bear, where nobody gave a rate.
CREATE TABLE bearing (
    target TEXT PRIMARY KEY,
    rate REAL NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;

-- name: 4
-- "origin": a digest of the cells that a row was read from and of how they were read, where nothing else went into its
-- document. What has the same origin has the same digest, and need not be read to be known as unchanged.
ALTER TABLE entry ADD COLUMN origin BLOB;

ALTER TABLE known ADD COLUMN origin BLOB;

-- name: 5
-- When the latest start began. How long one took that was killed is told from what it last did.
ALTER TABLE run ADD COLUMN opened_at REAL;

-- name: 6
-- How the API was to be treated, as it was last said of the run: JSON, or empty.
ALTER TABLE run ADD COLUMN politeness TEXT NOT NULL DEFAULT '';
