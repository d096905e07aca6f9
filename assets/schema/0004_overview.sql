-- What stands aside, what another conversation was, and what was used. `fresh_wanted` can be 2 from here on: handed over to another agent.
--
-- New words may stand in older columns from here on: reasons of decisions (src/domain says them).

ALTER TABLE conversations ADD COLUMN archived      INTEGER NOT NULL DEFAULT 0; -- 1 only where tab_place is NULL
ALTER TABLE conversations ADD COLUMN begun         TEXT;                       -- JSON of what it came from; NULL: nothing
ALTER TABLE conversations ADD COLUMN input_tokens  INTEGER NOT NULL DEFAULT 0; -- of its ended turns together
ALTER TABLE conversations ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN cost_micros   INTEGER;

UPDATE conversations SET
    input_tokens  = (SELECT coalesce(sum(work ->> '$.usage.input_tokens'), 0) FROM turns
        WHERE conversation = conversations.id AND state = 'ended' AND work IS NOT NULL),
    output_tokens = (SELECT coalesce(sum(work ->> '$.usage.output_tokens'), 0) FROM turns
        WHERE conversation = conversations.id AND state = 'ended' AND work IS NOT NULL),
    cost_micros   = (SELECT sum(work ->> '$.usage.cost_micros') FROM turns
        WHERE conversation = conversations.id AND state = 'ended' AND work IS NOT NULL);
