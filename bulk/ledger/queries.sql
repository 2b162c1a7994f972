-- The statements about runs and their rows, by name. Lists are handed over as JSON arrays.

-- name: runs
SELECT run.*, place.target, place.resource
FROM run JOIN place ON place.number = run.place
WHERE substr(run.id, 1, length(:beginning)) = :beginning AND (:exports OR run.operation <> 'export')
ORDER BY run.number DESC
LIMIT :limit;

-- name: latest_equal
-- The name of the source is left out: the same content under another name is the same work.
SELECT run.id
FROM run JOIN place ON place.number = run.place
WHERE place.target = :target AND place.resource = :resource AND run.operation = :operation
    AND run.sha256 = :sha256 AND run.options = :options AND run.parent IS :parent
ORDER BY run.number DESC
LIMIT 1;

-- name: current
SELECT run.number, run.place, run.operation, run.source, run.status, run.checked, parent.number AS parent
FROM run LEFT JOIN run AS parent ON parent.id = run.parent
WHERE run.id = :id;

-- name: running
SELECT run.id
FROM run JOIN place ON place.number = run.place
WHERE place.target = :target AND place.resource = :resource AND run.status = 'running';

-- name: overtaken
-- Whether another run has written to the same place since this one started.
SELECT EXISTS (
    SELECT 1
    FROM run
    JOIN known ON known.place = run.place
    JOIN run AS writer ON writer.number = known.run
    WHERE run.id = :id AND known.run <> run.number AND known.at > run.started_at AND writer.operation <> 'export'
);

-- name: add_place
INSERT INTO place (target, resource) VALUES (:target, :resource) ON CONFLICT DO NOTHING;

-- name: next_number
SELECT coalesce(max(number), 0) + 1 FROM run;

-- name: add_run
INSERT INTO run (
    number, id, place, operation, source, sha256, options, politeness, parent, status, started_at, opened_at
)
SELECT :number, :id, place.number, :operation, :source, :sha256, :options, :politeness, :parent, 'running', :now, :now
FROM place
WHERE place.target = :target AND place.resource = :resource;

-- name: forget_entries
DELETE FROM entry WHERE run = (SELECT number FROM run WHERE id = :id);

-- name: reopen
UPDATE run
SET status = 'running', opened_at = :now, finished_at = NULL, exit_code = NULL, reason = NULL,
    enrolled = CASE WHEN checked THEN enrolled ELSE 0 END, politeness = iif(:politeness = '', politeness, :politeness)
WHERE id = :id;

-- name: enroll
INSERT INTO entry (run, row, key, digest, origin, same, forgiven, status) VALUES (?, ?, ?, ?, ?, ?, ?, 'not_tried');

-- name: recall
-- The cells speak of what was written, as the digest does in "mark_unchanged". One statement for many rows, since a
-- thread of Python has to wait its turn after each; "parts" has 16 bytes of origin and 20 digits of position for each.
INSERT INTO entry (run, row, key, digest, status, since, finished_at)
SELECT :run, CAST(substr(:parts, 36 * named.key + 17, 20) AS INTEGER), known.key, digest, 'unchanged', known.run, :now
FROM json_each(:keys) AS named CROSS JOIN known
WHERE place = :place AND known.key = named.value AND origin = substr(:parts, 36 * named.key + 1, 16)
    AND sure AND seen IS NULL;

-- name: recalled
SELECT row FROM entry WHERE run = :run AND row BETWEEN :first AND :last AND status = 'unchanged';

-- name: enroll_member
INSERT INTO entry (run, row, key, carrier, status) VALUES (?, ?, ?, ?, 'not_tried');

-- name: enroll_rejection
INSERT INTO entry (run, row, key, status, code, finished_at) VALUES (:run, :row, :key, 'invalid', :code, :now);

-- name: count_enrolled
UPDATE run SET enrolled = enrolled + :rows WHERE number = :run;

-- name: reject
-- A row that may have been sent is turned only where another run has written the same key since, and one that is
-- unchanged only until that is sealed.
UPDATE entry
SET code = CASE WHEN status = 'invalid' THEN code ELSE :code END, status = 'invalid', since = NULL, finished_at = :now
WHERE run = :run AND row = :row AND (
    status IN ('not_tried', 'invalid') OR (status = 'unknown' AND :code = 'superseded')
    OR (status = 'unchanged' AND NOT :checked)
);

-- name: add_detail
INSERT INTO detail (run, row, message, response, cells) VALUES (:run, :row, :message, :response, :cells)
ON CONFLICT (run, row) DO UPDATE SET cells = coalesce(cells, excluded.cells);

-- name: add_violation
INSERT INTO violation (run, row, number, "column", rule, value, message, advice)
SELECT :run, :row, count(*), :column, :rule, :value, :message, :advice
FROM violation
WHERE run = :run AND row = :row;

-- name: any_trouble
SELECT EXISTS (SELECT 1 FROM detail WHERE run = :run AND row BETWEEN :first AND :last)
    OR EXISTS (SELECT 1 FROM violation WHERE run = :run AND row BETWEEN :first AND :last);

-- name: forget_detail
DELETE FROM detail WHERE run = :run AND row IN (SELECT value FROM json_each(:rows));

-- name: forget_violations
DELETE FROM violation WHERE run = :run AND row IN (SELECT value FROM json_each(:rows));

-- name: mark_unchanged
-- The digest speaks of what was written. Where an export has read the record since, only its fields can tell.
UPDATE entry
SET status = 'unchanged', finished_at = :now,
    since = coalesce(
        (SELECT coalesce(seen, run) FROM known WHERE place = :place AND key = entry.key AND sure),
        (
            SELECT coalesce(seen, run)
            FROM known INDEXED BY known_remote_id
            WHERE place = :place AND remote_id = entry.key AND sure
            ORDER BY coalesce(seen, run) DESC, at DESC
        )
    )
WHERE run = :run AND status = 'not_tried' AND carrier IS NULL AND (
    same OR digest = (
        SELECT known.digest
        FROM known
        WHERE known.place = :place AND known.key = entry.key AND known.sure AND known.seen IS NULL
    )
);

-- name: unmark_ambiguous
-- Where a file writes one key several times and one of these is sent, all are: the last must have the last word.
UPDATE entry
SET status = 'not_tried', finished_at = NULL, since = NULL
WHERE run = :run AND status = 'unchanged' AND carrier IS NULL AND key IN (
    SELECT other.key
    FROM entry AS other
    WHERE other.run = :run AND other.status = 'not_tried' AND other.carrier IS NULL
);

-- name: mark_members_unchanged
UPDATE entry INDEXED BY entry_carrier
SET status = 'unchanged', finished_at = :now, since = head.since
FROM entry AS head
WHERE entry.run = :run AND entry.status = 'not_tried' AND entry.carrier IS NOT NULL
    AND head.run = entry.run AND head.row = entry.carrier AND head.status = 'unchanged';

-- name: superseded
-- Rows whose key got another content from another run. A retry goes on from what its parent and the retries before it
-- have written, so these do not count as others; nor does an export, which only reads.
WITH RECURSIVE family (id, number) AS (
    SELECT id, number FROM run WHERE number = :parent
    UNION
    SELECT run.id, run.number FROM run JOIN family ON run.parent = family.id
)
SELECT entry.row, entry.key, writer.id AS writer, writer.operation, known.at
FROM entry
JOIN known ON known.place = :place AND known.key = entry.key
JOIN run AS writer ON writer.number = known.run
WHERE entry.run = :run AND entry.status IN ('not_tried', 'unknown') AND entry.carrier IS NULL
    AND writer.operation <> 'export' AND known.run <> entry.run AND known.digest <> entry.digest AND known.at > :since
    AND known.run NOT IN (SELECT number FROM family WHERE number < :run);

-- name: tried
-- When a run was last busy with some keys of records or of members, and the last cells that it kept of each. By key and
-- not by row, as a mended file numbers its rows anew.
SELECT tried.key, tried.at, detail.cells
FROM (
    SELECT entry.key, max(entry.finished_at) AS at, max(detail.row) AS row
    FROM entry
    LEFT JOIN detail ON detail.run = entry.run AND detail.row = entry.row AND detail.cells IS NOT NULL
    WHERE entry.run = :run AND entry.key IN (SELECT value FROM json_each(:keys))
        AND (entry.carrier IS NOT NULL) = :members
    GROUP BY entry.key
) AS tried
LEFT JOIN detail ON detail.run = :run AND detail.row = tried.row;

-- name: seal
UPDATE run SET checked = 1 WHERE number = :run;

-- name: as_enrolled
-- The keys of rows that wait for their first try and are what was enrolled, of which "parts" has the digests.
SELECT json_group_array(key)
FROM entry
WHERE run = :run AND row BETWEEN :first AND :last AND status = 'not_tried'
    AND digest = substr(:parts, 16 * (row - :first) + 1, 16);

-- name: carry_any
-- Whether any of these rows, or one between them, has members.
SELECT EXISTS (
    SELECT 1 FROM entry INDEXED BY entry_carrier WHERE run = :run AND carrier BETWEEN :first AND :last
);

-- name: claim_new
-- The same rows.
UPDATE entry
SET repeated = 0, status = 'in_flight'
WHERE run = :run AND row BETWEEN :first AND :last AND status = 'not_tried'
    AND digest = substr(:parts, 16 * (row - :first) + 1, 16);

-- name: enrolled
SELECT row, key, digest, status, carrier
FROM entry
WHERE run = :run AND row IN (SELECT value FROM json_each(:rows));

-- name: members
-- Left to itself, SQLite reads the whole run.
SELECT row, key, status, carrier
FROM entry INDEXED BY entry_carrier
WHERE run = :run AND carrier IN (SELECT value FROM json_each(:rows))
ORDER BY row;

-- name: claim
UPDATE entry
SET repeated = (status <> 'not_tried'), status = 'in_flight'
WHERE run = :run AND row IN (SELECT value FROM json_each(:rows));

-- name: settle
-- What many rows have in common is said once. For each position "parts" has four numbers, see `bulk.ledger.row_ranges`:
-- when the row was finished, in microseconds; where in "values" its remote id begins, or 0 for a row that is not meant;
-- how long that is; and how long its fields are, which follow, plus 1, or 0 where there are none.
UPDATE entry
SET status = :status, outcome = :outcome, http_status = :http_status, attempts = attempts + :attempts, code = :code,
    finished_at = (substr(:parts, 59 * (row - :first) + 3, 17) - 10000000000000000) / 1e6,
    remote_id = nullif(CAST(substr(
        :values, substr(:parts, 59 * (row - :first) + 21, 12) - 100000000000,
        substr(:parts, 59 * (row - :first) + 34, 12) - 100000000000
    ) AS TEXT), '')
WHERE run = :run AND row BETWEEN :first AND :last AND status = 'in_flight'
    AND substr(:parts, 59 * (row - :first) + 21, 12) <> x'313030303030303030303030';

-- name: hand_back
-- What an earlier start may have sent stays unknown, whatever this start did not do about it.
UPDATE entry
SET status = CASE WHEN repeated THEN 'unknown' ELSE 'not_tried' END, attempts = attempts + ?
WHERE run = ? AND row = ? AND status = 'in_flight';

-- name: in_flight
SELECT row FROM entry WHERE run = :run AND status = 'in_flight';

-- name: lose_sight
UPDATE entry
SET status = 'unknown', outcome = NULL, http_status = NULL, code = 'interrupted', finished_at = :now
WHERE run = :run AND status = 'in_flight';

-- name: unrecall
-- Only a check that has been sealed says what is unchanged.
UPDATE entry SET status = 'not_tried', since = NULL, finished_at = NULL WHERE run = :run AND status = 'unchanged';

-- name: pending
SELECT row
FROM entry
WHERE run = :run AND row BETWEEN :first AND :last AND status IN ('not_tried', 'in_flight', 'unknown')
    AND carrier IS NULL;

-- name: explain_interruption
INSERT INTO detail (run, row, message)
SELECT :run, value, :message FROM json_each(:rows) WHERE true
ON CONFLICT (run, row) DO UPDATE SET message = excluded.message, response = NULL;

-- name: totals
-- A row in flight counts as unknown: nobody can say yet.
SELECT
    coalesce(sum(status = 'invalid'), 0) AS invalid,
    coalesce(sum(status = 'succeeded'), 0) AS succeeded,
    coalesce(sum(status = 'succeeded' AND outcome IS 'created'), 0) AS created,
    coalesce(sum(status = 'succeeded' AND outcome IS 'updated'), 0) AS updated,
    coalesce(sum(status = 'unchanged'), 0) AS unchanged,
    coalesce(sum(status = 'failed'), 0) AS failed,
    coalesce(sum(status IN ('unknown', 'in_flight')), 0) AS unknown,
    coalesce(sum(status = 'not_tried'), 0) AS not_tried
FROM entry
WHERE run = :run;

-- name: lived
-- Seconds from the beginning of the latest start to the last row of which it could say what became of it.
SELECT max(0, max(entry.finished_at) - run.opened_at)
FROM run JOIN entry ON entry.run = run.number
WHERE run.id = :id;

-- name: finish
-- A start that was killed could not say how many requests it sent; its settled rows know of most.
UPDATE run
SET status = :status, finished_at = :now, seconds = seconds + :seconds, exit_code = :exit_code, reason = :reason,
    sent = max(sent + :sent, (SELECT coalesce(sum(entry.attempts), 0) FROM entry WHERE entry.run = run.number)),
    retried = retried + :retried, throttled = throttled + :throttled,
    invalid = :invalid, succeeded = :succeeded, created = :created, updated = :updated, unchanged = :unchanged,
    failed = :failed, unknown = :unknown, not_tried = :not_tried
WHERE id = :id;

-- name: finish_export
-- An export has no entries: each of its rows lies in the file.
UPDATE run SET enrolled = :rows, sha256 = :sha256, bookmark = :bookmark WHERE id = :id;

-- name: bookmark
SELECT run.id, run.bookmark
FROM run JOIN place ON place.number = run.place
WHERE place.target = :target AND place.resource = :resource
    AND run.operation = 'export' AND run.status = 'completed' AND run.bookmark ->> 'chain' = :chain
ORDER BY run.number DESC
LIMIT 1;

-- name: entries
-- Not "alive": nobody is at work on the run, so that what was in flight is what `finish` would make of it.
SELECT entry.row, entry.key, iif(lost, 'unknown', entry.status) AS status, iif(lost, NULL, entry.outcome) AS outcome,
    iif(lost, NULL, entry.http_status) AS http_status, entry.attempts, iif(lost, 'interrupted', entry.code) AS code,
    iif(lost, :unseen, coalesce(
        detail.message,
        'the same was ' || iif(source.operation = 'export', 'read', 'written') || ' by run ' || source.id
    )) AS message, entry.remote_id, iif(:cells, detail.cells, NULL) AS cells, iif(lost, NULL, detail.response) AS response,
    entry.finished_at
FROM (SELECT *, status = 'in_flight' AND NOT :alive AS lost FROM entry) AS entry
LEFT JOIN detail ON detail.run = entry.run AND detail.row = entry.row
LEFT JOIN run AS source ON source.number = entry.since
WHERE entry.run = :run AND entry.row > :after
    AND (:statuses IS NULL OR iif(lost, 'unknown', entry.status) IN (SELECT value FROM json_each(:statuses)))
    AND (
        :causes IS NULL
        OR iif(lost, 'interrupted', entry.code) IN (SELECT value FROM json_each(:causes))
        OR EXISTS (
            SELECT 1 FROM violation
            WHERE violation.run = entry.run AND violation.row = entry.row
                AND violation.rule IN (SELECT value FROM json_each(:causes))
        )
    )
    AND (
        :spans IS NULL
        OR EXISTS (
            SELECT 1 FROM json_each(:spans) AS span WHERE entry.row BETWEEN span.value ->> 0 AND span.value ->> 1
        )
    )
ORDER BY entry.row
LIMIT :limit;

-- name: history
-- Every row of every run that was about a record, by any of its names. Without an index: it would slow down every
-- import for a question that is seldom asked.
SELECT run.id, entry.row, entry.digest, entry.carrier
FROM place
CROSS JOIN run ON run.place = place.number
CROSS JOIN entry ON entry.run = run.number
WHERE place.resource = :resource AND (entry.key = :key OR entry.remote_id = :key)
ORDER BY coalesce(entry.finished_at, run.started_at), run.number, entry.row;

-- name: violations
SELECT row, "column", rule, value, message, advice
FROM violation
WHERE run = :run AND row IN (SELECT value FROM json_each(:rows))
ORDER BY row, number;

-- name: unchanged_since
SELECT source.id, count(*) AS count
FROM entry JOIN run AS source ON source.number = entry.since
WHERE entry.run = :run AND entry.status = 'unchanged'
GROUP BY source.number
ORDER BY source.number DESC;

-- name: causes
SELECT status, code, "column", count(*) AS count, min(row) AS row
FROM (
    SELECT DISTINCT entry.row, iif(lost, 'unknown', entry.status) AS status,
        coalesce(violation.rule, iif(lost, 'interrupted', entry.code)) AS code, violation."column"
    FROM (SELECT *, status = 'in_flight' AND NOT :alive AS lost FROM entry) AS entry
    LEFT JOIN violation ON violation.run = entry.run AND violation.row = entry.row
    WHERE entry.run = :run AND (entry.status IN ('invalid', 'failed', 'unknown') OR lost)
)
GROUP BY status, code, "column"
ORDER BY count DESC, row, code, "column";

-- name: forgiven
SELECT row, forgiven
FROM entry
WHERE run = :run AND row IN (SELECT value FROM json_each(:rows)) AND forgiven IS NOT NULL;

-- name: carried
-- Rows that travelled in other rows' documents, and how many documents these were.
SELECT count(*) AS rows, count(DISTINCT carrier) AS carriers
FROM entry
WHERE run = :run AND carrier IS NOT NULL AND status IN ('succeeded', 'unknown');
