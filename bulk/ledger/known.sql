-- The statements about what is known of records, by name. Lists are handed over as JSON arrays.

-- name: place
SELECT number FROM place WHERE target = :target AND resource = :resource;

-- name: any_at
SELECT EXISTS (SELECT 1 FROM known WHERE place = :place);

-- name: known
-- An id may be that of a record that is known under another name only; of several names, the latest counts.
-- Left to itself, SQLite reads the whole place for every key.
SELECT wanted.value ->> 0 AS key, coalesce(
    (
        SELECT fields
        FROM known
        WHERE place = :place AND key = wanted.value ->> 0 AND sure
            AND (seen IS NOT NULL OR hex(digest) IS NOT wanted.value ->> 1)
    ),
    (
        SELECT fields
        FROM known INDEXED BY known_remote_id
        WHERE :ids AND place = :place AND remote_id = wanted.value ->> 0 AND sure AND fields IS NOT NULL
        ORDER BY coalesce(seen, run) DESC, at DESC
    )
) AS fields
FROM json_each(:wanted) AS wanted;

-- name: doubt
UPDATE known
SET sure = 0, fields = x''
WHERE place = :place AND key IN (SELECT value FROM json_each(:keys));

-- name: doubt_other_names
-- Other keys of the same record become doubtful too: those with the remote id last seen for a key, and those with the
-- remote id that the key itself is, where it is one: a SKU of digits is none. CROSS JOIN keeps SQLite from beginning
-- with the largest table.
WITH claimed AS (SELECT value AS key FROM json_each(:keys))
UPDATE known
SET sure = 0, fields = NULL
WHERE place = :place AND key IN (
    SELECT other.key
    FROM json_each(:ids) AS id
    CROSS JOIN known AS other ON other.place = :place AND other.remote_id = id.value
    WHERE other.key <> id.value
    UNION ALL
    SELECT other.key
    FROM claimed
    CROSS JOIN known AS this ON this.place = :place AND this.key = claimed.key
    CROSS JOIN known AS other ON other.place = :place AND other.remote_id = this.remote_id
    WHERE other.key <> claimed.key
);

-- name: restore
UPDATE known SET sure = 1, fields = ? WHERE place = ? AND key = ? AND NOT sure AND fields = x'';

-- name: learn_written
-- The fields build on what was known at the claim, so they count only if nothing else can have written meanwhile; see
-- "settle" for "parts". Of a record that was deleted nothing is sure, so that a row is sent that would create it anew;
-- the deletion stays on record as the latest word on its key.
INSERT INTO known (place, key, digest, origin, sure, run, at, remote_id, fields)
SELECT :place, key, digest, origin, status <> 'unknown' AND NOT :deletes, run, finished_at, remote_id,
    iif(status <> 'unknown' AND NOT :deletes, substr(
        :values,
        substr(:parts, 59 * (row - :first) + 21, 12) + substr(:parts, 59 * (row - :first) + 34, 12) - 200000000000,
        nullif(substr(:parts, 59 * (row - :first) + 47, 12) - 100000000000, 0) - 1
    ), NULL)
FROM entry
WHERE run = :run AND row BETWEEN :first AND :last AND carrier IS NULL
    AND status IN ('succeeded', 'unchanged', 'unknown')
    AND substr(:parts, 59 * (row - :first) + 21, 12) <> x'313030303030303030303030'
ON CONFLICT (place, key)
DO UPDATE SET digest = excluded.digest, origin = excluded.origin, sure = excluded.sure, run = excluded.run,
    at = excluded.at,
    remote_id = coalesce(excluded.remote_id, remote_id),
    fields = iif(sure OR fields IS NULL, NULL, excluded.fields), seen = NULL;

-- name: learn_origins
-- Of rows that turned out to be unchanged, though their cells were not those that the same document was read from before.
UPDATE known
SET origin = entry.origin
FROM entry
WHERE entry.run = :run AND entry.status = 'unchanged' AND entry.origin IS NOT NULL
    AND known.place = :place AND known.key = entry.key AND known.digest = entry.digest;

-- name: doubt_written
-- What was written under one key of a record may have changed what was written under another. Of two that are settled
-- together nobody can say which came last, so that both are doubtful.
UPDATE known
SET sure = 0, fields = NULL
WHERE place = :place AND key IN (
    SELECT other.key
    FROM entry CROSS JOIN known AS other ON other.place = :place AND other.remote_id = entry.remote_id
    WHERE entry.run = :run AND entry.row BETWEEN :first AND :last AND entry.carrier IS NULL
        AND entry.status IN ('succeeded', 'unchanged') AND other.key <> entry.key
        AND substr(:parts, 59 * (entry.row - :first) + 21, 12) <> x'313030303030303030303030'
);

-- name: written_since
-- Whether a run that writes was under way at a place since a moment; "held" tells whether those that run are alive.
SELECT EXISTS (
    SELECT 1
    FROM run
    WHERE place = :place AND operation NOT IN ('export', 'dry-run')
        AND ((status = 'running' AND :held) OR started_at >= :asked OR finished_at >= :asked)
);

-- name: sure_digests
SELECT key, digest, seen
FROM known
WHERE place = :place AND key IN (SELECT value FROM json_each(:keys)) AND sure AND fields IS NOT NULL;

-- name: sure
SELECT key, fields
FROM known
WHERE place = :place AND key IN (SELECT value FROM json_each(:keys)) AND sure AND fields IS NOT NULL;

-- name: all_known
SELECT key, iif(sure, fields, NULL)
FROM known
WHERE place = :place AND key IN (SELECT value FROM json_each(:keys));

-- name: learn_read
-- Of a record that was written before, the writing stays on record. One that a run has written since the reading was
-- asked for, and was killed, is left as it is.
INSERT INTO known (place, key, digest, sure, run, at, remote_id, fields, seen)
VALUES (?, ?, x'', 1, ?, ?, ?, ?, ?)
ON CONFLICT (place, key)
DO UPDATE SET sure = 1, remote_id = coalesce(excluded.remote_id, remote_id), fields = excluded.fields,
    seen = excluded.seen
WHERE seen IS NOT NULL OR at < ?;

-- name: doubt_read
-- A record that was written under its remote id has been read under its other name since: that is the later word.
UPDATE known
SET sure = 0, fields = NULL
WHERE place = :place AND key IN (SELECT value FROM json_each(:names)) AND remote_id = key;

-- name: rate_found
SELECT rate FROM bearing WHERE target = :target;

-- name: keep_rate
INSERT INTO bearing (target, rate, at) VALUES (:target, :rate, :now)
ON CONFLICT (target) DO UPDATE SET rate = excluded.rate, at = excluded.at;
