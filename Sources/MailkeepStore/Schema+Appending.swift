extension Schema {
    /// What putting mail back into mailboxes needs.
    static let appending = """
        -- How a mail was marked in its folder when it was read, and when it had come there; NULL where that is not known.
        ALTER TABLE entry ADD COLUMN flags TEXT;
        ALTER TABLE entry ADD COLUMN came_at INTEGER;
        -- What stands between the levels of the folder's name.
        ALTER TABLE folder ADD COLUMN delimiter TEXT;

        -- Where in mailboxes messages are that were put there; target is a keyed hash of server, user name and folder.
        CREATE TABLE appended (
            target BLOB NOT NULL,
            uid_validity INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            message_id INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            PRIMARY KEY (target, uid_validity, uid)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX appended_by_message ON appended (message_id);
        """
}
