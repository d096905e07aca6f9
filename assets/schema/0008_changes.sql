-- What the files of a turn's repository were when it began and when it ended: the names that git has for them, and how much lies between.
-- The files themselves stand beside the store, in `trees`.

ALTER TABLE turns ADD COLUMN trees TEXT; -- JSON; NULL: nothing was noted
