-- The first tables. This file is never edited: a change is the next file, and a test opens stores made by this one.
--
-- How domain values stand here (src/store/columns.rs): numbers and moments (milliseconds since 1970) as integers; enums without content as
-- their word; enums with content, and what nobody searches by, as JSON of the domain type. Big texts stand last, so that reading a state does
-- not walk through them.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;

-- Ids are never used again, so the highest one outlives its conversation.
INSERT INTO meta VALUES ('highest_conversation', 0);

CREATE TABLE conversations (
    id           INTEGER PRIMARY KEY,
    title_by     TEXT    NOT NULL CHECK (title_by IN ('nobody', 'first_message', 'person')),
    title        TEXT    CHECK ((title IS NULL) = (title_by = 'nobody')),
    agent        TEXT    NOT NULL,          -- what the next session is to be started with
    model        TEXT,
    folder       TEXT    NOT NULL,
    fresh_wanted INTEGER NOT NULL,
    queue_held   TEXT,
    tab_place    INTEGER,                   -- NULL: closed
    unread       TEXT,                      -- JSON of the end that no window has shown yet
    created_at   INTEGER NOT NULL,
    active_at    INTEGER NOT NULL,
    -- Kept by a trigger, so that the number of a removed turn is not given again.
    highest_turn INTEGER NOT NULL DEFAULT 0,
    draft        TEXT    NOT NULL
) STRICT;

CREATE TRIGGER conversations_count AFTER INSERT ON conversations BEGIN
    UPDATE meta SET value = max(value, new.id) WHERE name = 'highest_conversation';
END;

CREATE TABLE sessions (
    conversation  INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    agent         TEXT    NOT NULL,
    model         TEXT,
    folder        TEXT    NOT NULL,
    agent_session TEXT,
    last_folder   TEXT,
    started_at    INTEGER NOT NULL,
    asleep        TEXT,                     -- JSON of why; NULL: a process lives, as far as was last saved
    ended         TEXT,                     -- NULL: it goes on
    PRIMARY KEY (conversation, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
    id               INTEGER PRIMARY KEY,   -- the order of acceptance over all conversations; also the row in turn_words
    conversation     INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    number           INTEGER NOT NULL,
    session          INTEGER,
    origin           TEXT    NOT NULL,
    state            TEXT    NOT NULL,      -- queued, sending, working, needs_approval, needs_answer, ended
    outcome          TEXT    CHECK ((outcome IS NULL) = (state <> 'ended')), -- completed, failed, interrupted, unknown
    outcome_why      TEXT,                  -- JSON of the cause
    delivery         TEXT    NOT NULL,
    queue_place      INTEGER NOT NULL,
    accepted_at      INTEGER NOT NULL,
    started_at       INTEGER,
    ended_at         INTEGER,
    evidence         TEXT,                  -- JSON
    answer_cut_bytes INTEGER,
    prompt           TEXT    NOT NULL,
    answer           TEXT    CHECK ((answer IS NULL) = (answer_cut_bytes IS NULL)),
    UNIQUE (conversation, number)
) STRICT;

CREATE INDEX turns_open  ON turns (conversation, number) WHERE state <> 'ended';
CREATE INDEX turns_ended ON turns (conversation, number) WHERE state = 'ended';

CREATE TRIGGER turns_count AFTER INSERT ON turns BEGIN
    UPDATE conversations SET highest_turn = max(highest_turn, new.number) WHERE id = new.conversation;
END;

CREATE TABLE decisions (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    turn         INTEGER NOT NULL,
    session      INTEGER,
    continuity   TEXT    NOT NULL,
    why          TEXT    NOT NULL,          -- JSON
    evidence     TEXT,                      -- JSON
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, number)
) STRICT, WITHOUT ROWID;

-- The words of prompts and answers. The text itself stands in turns alone; src/store/search.rs writes here what it makes of it.
CREATE VIRTUAL TABLE turn_words USING fts5 (
    prompt, answer,
    content = '', contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);

CREATE TRIGGER turns_forget AFTER DELETE ON turns BEGIN
    DELETE FROM turn_words WHERE rowid = old.id;
END;
