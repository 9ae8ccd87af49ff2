//! The tables, and how older ones become them.
//!
//! Times are integers: seconds since the epoch in UTC. What is secret or personal is in one sealed column a row (`sealed`), whose
//! associated data are the row's key columns; in clear stand only account names, counters and times. Leases and job runs hold nothing
//! worth sealing.

/// Marks the file as ours (`PRAGMA application_id`): `SqGr`.
pub const APPLICATION_ID: i32 = 0x5371_4772;

/// The steps from nothing to the current schema. A store's `PRAGMA user_version` is how many were done; a step is never changed
/// once released, only followed by another.
pub const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (
        name TEXT PRIMARY KEY,
        value ANY NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        identity_generation INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;

    CREATE TABLE tokens (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL UNIQUE,
        identity_generation INTEGER NOT NULL,
        version INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;

    CREATE TABLE sign_ins (
        id INTEGER PRIMARY KEY,
        state BLOB NOT NULL UNIQUE,
        account TEXT NOT NULL,
        identity_generation INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        ended_at INTEGER,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE INDEX sign_ins_by_account ON sign_ins (account);
    CREATE INDEX sign_ins_by_end ON sign_ins (coalesce(ended_at, created_at));

    CREATE TABLE receipts (
        id INTEGER PRIMARY KEY,
        mailbox BLOB NOT NULL,
        message BLOB NOT NULL,
        state INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        UNIQUE (mailbox, message)
    ) STRICT;
    CREATE INDEX receipts_by_age ON receipts (state, updated_at);

    CREATE TABLE cache (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        sealed BLOB NOT NULL,
        UNIQUE (kind, key)
    ) STRICT;

    CREATE TABLE leases (
        key TEXT PRIMARY KEY,
        generation INTEGER NOT NULL,
        holder TEXT,
        seconds INTEGER NOT NULL,
        since_boot INTEGER NOT NULL,
        taken_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE jobs (
        name TEXT PRIMARY KEY,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        refreshed INTEGER NOT NULL,
        skipped INTEGER NOT NULL,
        failed INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// A table with a `sealed` column, and the key columns that are its associated data, in their order.
#[derive(Debug)]
pub struct SealedTable {
    /// The table.
    pub name: &'static str,
    /// Its key columns.
    pub identity: &'static str,
}

/// Accounts.
pub const ACCOUNTS: SealedTable = SealedTable {
    name: "accounts",
    identity: "name, identity_generation",
};
/// Tokens.
pub const TOKENS: SealedTable = SealedTable {
    name: "tokens",
    identity: "account, identity_generation, version",
};
/// Pending sign-ins and their outcomes.
pub const SIGN_INS: SealedTable = SealedTable {
    name: "sign_ins",
    identity: "state, account, identity_generation, created_at",
};
/// Receipts of imports.
pub const RECEIPTS: SealedTable = SealedTable {
    name: "receipts",
    identity: "mailbox, message, state",
};
/// Caches.
pub const CACHE: SealedTable = SealedTable {
    name: "cache",
    identity: "kind, key",
};

/// All tables with a `sealed` column.
pub const SEALED: [SealedTable; 5] = [ACCOUNTS, TOKENS, SIGN_INS, RECEIPTS, CACHE];
