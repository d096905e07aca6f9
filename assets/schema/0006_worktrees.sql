-- A conversation can have a git worktree of its own.
--
-- New words may stand in older columns from here on: a session that was begun elsewhere (src/domain says them).

ALTER TABLE conversations ADD COLUMN worktree TEXT; -- JSON; NULL: none
