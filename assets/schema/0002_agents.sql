-- What real coding agents tell beyond a shell.
--
-- New words may stand in older columns from here on: sources of evidence, reasons of decisions, causes of ends (src/domain says them).

-- What the agent's own session holds, and who began it. Of older sessions, all shells, it makes no difference.
ALTER TABLE sessions ADD COLUMN context  TEXT NOT NULL DEFAULT 'holds';
ALTER TABLE sessions ADD COLUMN begun_by TEXT NOT NULL DEFAULT 'us';

-- JSON; NULL where there was none.
ALTER TABLE turns ADD COLUMN requests TEXT;
ALTER TABLE turns ADD COLUMN work     TEXT;
