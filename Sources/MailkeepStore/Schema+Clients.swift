extension Schema {
    /// What the API needs: the programs that use it.
    static let clients = """
        -- Each acts as its user. Of its secrets only the SHA-256 are kept. scopes is separated by spaces.
        CREATE TABLE client (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES user (id),
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            secret_hash BLOB NOT NULL,
            refresh_token_hash BLOB NOT NULL,
            created_at INTEGER NOT NULL,
            used_at INTEGER,
            revoked_at INTEGER
        ) STRICT;
        CREATE INDEX client_by_user ON client (user_id);

        CREATE TABLE access_token (
            hash BLOB PRIMARY KEY,
            client_id INTEGER NOT NULL REFERENCES client (id),
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX access_token_by_client ON access_token (client_id, expires_at);

        -- Which records were deleted, so that who keeps a copy of the directory can follow.
        CREATE TABLE deleted_record (
            module TEXT NOT NULL,
            id INTEGER NOT NULL,
            deleted_at INTEGER NOT NULL,
            PRIMARY KEY (module, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX deleted_record_by_time ON deleted_record (module, deleted_at);

        -- The CRM that is the master of the directory, and how far it was read. Moments of began_at and completed_at are
        -- by its clock; position says where a run that was broken off goes on, and
        -- unresolved what is to be asked for again, and from reread_at on all is.
        -- failures are those since the last run that came to its end, and attention
        -- why a person has to mend something.
        CREATE TABLE connection (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            sealed_settings BLOB NOT NULL,
            backs_up INTEGER NOT NULL CHECK (backs_up IN (0, 1)),
            saved_by INTEGER NOT NULL REFERENCES user (id),
            saved_at INTEGER NOT NULL,
            began_at INTEGER,
            position TEXT,
            unresolved TEXT NOT NULL DEFAULT '',
            completed_at INTEGER,
            reread_at INTEGER,
            ended_at INTEGER,
            error TEXT,
            failures INTEGER NOT NULL DEFAULT 0,
            attention TEXT CHECK (attention IN ('refused', 'failing'))
        ) STRICT;
        """
}
