-- The first schema. Times are milliseconds since 1970 UTC, NULL: unknown. Numbers of users and
-- items and every seq are given by the row of `counters` and never used again.

CREATE TABLE counters (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    seq         INTEGER NOT NULL, -- the last one given
    next_user   INTEGER NOT NULL,
    next_item   INTEGER NOT NULL,
    users       INTEGER NOT NULL, -- kept with every change, so that counting costs nothing
    guests      INTEGER NOT NULL,
    items       INTEGER NOT NULL,
    ghost_items INTEGER NOT NULL,
    events      INTEGER NOT NULL
) STRICT;
INSERT INTO counters VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- the key of the check in event ids that the store makes
INSERT INTO settings VALUES ('event_id_key', randomblob(16));

-- Every accepted change but events, which are their own record. `number` is a user, an item, a
-- session or a key, by kind (enum change_kind). Who reads changes reads the thing as it is now, so
-- that a later change of the same thing replaces the earlier one and the table does not grow with
-- time.
CREATE TABLE changes (
    seq    INTEGER PRIMARY KEY,
    kind   INTEGER NOT NULL,
    number INTEGER NOT NULL
) STRICT;
-- the earlier change that a new one replaces
CREATE UNIQUE INDEX changes_of_a_thing ON changes (kind, number);

CREATE TABLE users (
    number     INTEGER PRIMARY KEY,
    kind       INTEGER NOT NULL CHECK (kind IN (1, 2, 3)), -- with an id, guest, gone
    id         TEXT CHECK ((id IS NOT NULL) = (kind = 1)),
    attributes TEXT NOT NULL,
    created_ms INTEGER,
    updated_ms INTEGER,
    died_seq   INTEGER -- of the erasure or merge that ended it
) STRICT;
-- the user of an id: every request that names one
CREATE UNIQUE INDEX users_by_id ON users (id) WHERE id IS NOT NULL;
-- who is gone since a seq: what stored snapshots must forget
CREATE INDEX users_by_death ON users (died_seq) WHERE died_seq IS NOT NULL;

CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE,
    user   INTEGER NOT NULL REFERENCES users (number)
) STRICT;
-- a guest's session id in lists of events; the sessions that an erasure or merge takes along
CREATE INDEX sessions_by_user ON sessions (user);

-- Users that were merged away, so that the same merge again is recognised.
CREATE TABLE merges (
    source_id TEXT PRIMARY KEY,
    user      INTEGER NOT NULL REFERENCES users (number)
) STRICT, WITHOUT ROWID;
-- what an erasure forgets and a further merge takes along
CREATE INDEX merges_by_user ON merges (user);

-- A deleted item keeps its row, so that late events on its id find it; a PUT of the id afterwards
-- makes a new row with a new number.
CREATE TABLE items (
    number       INTEGER PRIMARY KEY,
    state        INTEGER NOT NULL CHECK (state IN (1, 2, 3)), -- listed, ghost, deleted
    id           TEXT NOT NULL,
    title        TEXT,
    attributes   TEXT NOT NULL,
    categories   TEXT, -- a JSON array of strings; NULL: none
    hidden       INTEGER NOT NULL,
    available    INTEGER NOT NULL,
    price        REAL,
    currency     TEXT,
    group_id     TEXT,
    published_ms INTEGER,
    expires_ms   INTEGER,
    vector       BLOB, -- float32, little-endian
    created_ms   INTEGER,
    updated_ms   INTEGER
) STRICT;
-- the newest row of an id: every request that names an item
CREATE UNIQUE INDEX items_by_id ON items (id, number);

-- The type of each attribute, fixed at first use. owner: 1 user, 2 item.
CREATE TABLE attribute_types (
    owner INTEGER NOT NULL,
    name  TEXT NOT NULL,
    type  INTEGER NOT NULL,
    PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_types (
    code INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- No foreign keys here: they would cost two look-ups an event, and numbers never go away.
CREATE TABLE interactions (
    seq               INTEGER PRIMARY KEY,
    user              INTEGER NOT NULL,
    item              INTEGER NOT NULL,
    type              INTEGER NOT NULL,
    time_ms           INTEGER,
    rating            REAL,
    event_id          TEXT, -- NULL: made by the store, follows from the row
    session           TEXT, -- NULL also for a guest's own session
    recommendation_id TEXT,
    position          INTEGER,
    quantity          REAL,
    price             REAL,
    currency          TEXT,
    order_id          TEXT,
    progress          REAL,
    context           TEXT
) STRICT;
-- All cut into runs of 65,536 seqs, so that new events touch few pages (core/data/store_runs.c).
-- one user's events in order: their page, export, erasure, merge, and what Live reads again
CREATE INDEX interactions_by_user ON interactions (seq >> 16, user);
-- one item's events in order: their page, and a purge
CREATE INDEX interactions_by_item ON interactions (seq >> 16, item);
-- the event of a client's id, in the runs that their filters name: duplicates and retractions
CREATE INDEX interactions_by_event_id ON interactions (seq >> 16, event_id)
    WHERE event_id IS NOT NULL;

-- Bloom filters over the event ids of complete runs (core/data/store_filter.h); empty: no ids.
CREATE TABLE event_id_filters (
    run    INTEGER PRIMARY KEY,
    filter BLOB NOT NULL
) STRICT;

-- Ids of retracted events, so that a late retry does not revive one.
CREATE TABLE tombstones (
    event_id TEXT PRIMARY KEY,
    user     INTEGER NOT NULL REFERENCES users (number)
) STRICT, WITHOUT ROWID;
-- what an erasure forgets and a merge takes along
CREATE INDEX tombstones_by_user ON tombstones (user);

CREATE TABLE impressions (
    seq               INTEGER PRIMARY KEY,
    user              INTEGER,
    session           TEXT,
    recommendation_id TEXT,
    time_ms           INTEGER,
    items             BLOB NOT NULL -- numbers as shown, 32 bits each, little-endian
) STRICT;
-- one user's impressions: export, erasure, merge; in runs as above
CREATE INDEX impressions_by_user ON impressions (seq >> 16, user) WHERE user IS NOT NULL;

CREATE TABLE model_versions (
    version     INTEGER PRIMARY KEY, -- rows are never deleted, so never used again
    seq         INTEGER NOT NULL,
    started_ms  INTEGER NOT NULL,
    finished_ms INTEGER,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    report      TEXT NOT NULL,
    active      INTEGER NOT NULL,
    kept        INTEGER NOT NULL
) STRICT;
-- the one that is active, when another one becomes it
CREATE UNIQUE INDEX model_versions_active ON model_versions (active) WHERE active = 1;

CREATE TABLE access_keys (
    number     INTEGER PRIMARY KEY, -- rows are never deleted, so never used again
    name       TEXT NOT NULL,
    scopes     INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT;
