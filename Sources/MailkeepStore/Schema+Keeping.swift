extension Schema {
    /// Legal holds, retention and erasure (rules R1–R6 in docs/design.md).
    static let keeping = """
        -- Placed by administrators; a hold that is lifted stays as a row.
        CREATE TABLE hold (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            scope TEXT NOT NULL CHECK (scope IN ('organization', 'user', 'record', 'backup')),
            user_id INTEGER REFERENCES user (id),
            record_key INTEGER REFERENCES record (key),
            backup_id INTEGER REFERENCES backup (id),
            sealed_reason BLOB NOT NULL,
            placed_by INTEGER NOT NULL REFERENCES user (id),
            placed_at INTEGER NOT NULL,
            sealed_lift_reason BLOB,
            lifted_by INTEGER REFERENCES user (id),
            lifted_at INTEGER,
            CHECK ((scope = 'user') = (user_id IS NOT NULL)),
            CHECK ((scope = 'record') = (record_key IS NOT NULL)),
            CHECK ((scope = 'backup') = (backup_id IS NOT NULL)),
            CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))
        ) STRICT;
        CREATE INDEX hold_standing ON hold (scope) WHERE lifted_at IS NULL;
        CREATE INDEX hold_by_user ON hold (user_id) WHERE lifted_at IS NULL;
        CREATE INDEX hold_by_record ON hold (record_key) WHERE lifted_at IS NULL;
        CREATE INDEX hold_by_backup ON hold (backup_id) WHERE lifted_at IS NULL;
        CREATE TRIGGER hold_is_never_deleted BEFORE DELETE ON hold
            BEGIN SELECT RAISE(ABORT, 'a legal hold is lifted, never deleted'); END;

        -- Whose mail stands on a record's page (V4).
        CREATE VIEW record_source (record_key, source_key) AS
            SELECT key, key FROM record WHERE module IN ('Leads', 'Contacts')
            UNION ALL
            SELECT account_key, key FROM record WHERE module = 'Contacts' AND account_key IS NOT NULL
            UNION ALL
            SELECT key, contact_key FROM record WHERE module = 'Deals' AND contact_key IS NOT NULL;

        -- The addresses by which standing holds on records cover mail: those of the record when the hold was placed, and
        -- all that came to it since. None goes while the hold stands.
        CREATE TABLE hold_address (
            hash BLOB NOT NULL,
            hold_id INTEGER NOT NULL REFERENCES hold (id),
            PRIMARY KEY (hash, hold_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX hold_address_by_hold ON hold_address (hold_id);
        CREATE TRIGGER held_record_gets_address AFTER INSERT ON record_address
            BEGIN
                INSERT INTO hold_address (hash, hold_id)
                SELECT DISTINCT NEW.hash, hold.id FROM record_source
                JOIN hold ON hold.record_key = record_source.record_key AND hold.lifted_at IS NULL
                WHERE record_source.source_key = NEW.record_key
                  AND NOT EXISTS (SELECT 1 FROM hold_address WHERE hash = NEW.hash AND hold_id = hold.id);
            END;
        CREATE TRIGGER held_record_gets_source AFTER UPDATE OF account_key, contact_key ON record
            BEGIN
                -- OR IGNORE would be overridden by the ON CONFLICT of the statement that fires this.
                INSERT INTO hold_address (hash, hold_id)
                SELECT DISTINCT record_address.hash, hold.id FROM record_source
                JOIN hold ON hold.record_key = record_source.record_key AND hold.lifted_at IS NULL
                JOIN record_address ON record_address.record_key = record_source.source_key
                WHERE record_source.record_key IN (NEW.key, NEW.account_key)
                  AND NOT EXISTS (SELECT 1 FROM hold_address
                                  WHERE hash = record_address.hash AND hold_id = hold.id);
            END;

        -- What standing holds cover (R1): mails as they were seen, and messages.
        CREATE VIEW held_entry (entry_id, hold_id) AS
            SELECT entry.id, hold.id FROM entry
            JOIN hold ON hold.scope = 'organization' AND hold.lifted_at IS NULL
            UNION ALL
            SELECT entry.id, hold.id FROM entry JOIN folder ON folder.id = entry.folder_id
            JOIN mailbox ON mailbox.id = folder.mailbox_id
            JOIN hold ON hold.user_id = mailbox.user_id AND hold.lifted_at IS NULL
            UNION ALL
            SELECT entry_address.entry_id, hold_address.hold_id FROM entry_address
            JOIN hold_address ON hold_address.hash = entry_address.hash;
        CREATE VIEW held_message (message_id, hold_id) AS
            SELECT message.id, hold.id FROM message
            JOIN hold ON hold.scope = 'organization' AND hold.lifted_at IS NULL
            UNION ALL
            SELECT entry.message_id, hold.id FROM entry JOIN folder ON folder.id = entry.folder_id
            JOIN mailbox ON mailbox.id = folder.mailbox_id
            JOIN hold ON hold.user_id = mailbox.user_id AND hold.lifted_at IS NULL
            WHERE entry.message_id IS NOT NULL
            UNION ALL
            SELECT entry.message_id, hold_address.hold_id FROM entry
            JOIN entry_address ON entry_address.entry_id = entry.id
            JOIN hold_address ON hold_address.hash = entry_address.hash
            WHERE entry.message_id IS NOT NULL
            UNION ALL
            SELECT backup_message.message_id, hold.id FROM backup_message
            JOIN hold ON hold.user_id = backup_message.user_id AND hold.lifted_at IS NULL
            UNION ALL
            SELECT backup_message.message_id, hold.id FROM backup_message
            JOIN backup AS standing ON standing.user_id = backup_message.user_id
                AND standing.id >= backup_message.backup_id
            JOIN hold ON hold.backup_id = standing.id AND hold.lifted_at IS NULL;

        -- Retention runs and erasures: each works until it has ended, in batches.
        CREATE TABLE removal (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('retention', 'erasure')),
            requested_by INTEGER NOT NULL REFERENCES user (id),
            requested_at INTEGER NOT NULL,
            ended_at INTEGER,
            cutoff INTEGER,
            address_hash BLOB,
            sealed_reason BLOB,
            messages INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0,
            unread INTEGER NOT NULL DEFAULT 0,
            kept INTEGER NOT NULL DEFAULT 0,
            CHECK ((kind = 'retention') = (cutoff IS NOT NULL)),
            CHECK ((kind = 'erasure') = (sealed_reason IS NOT NULL))
        ) STRICT;
        CREATE UNIQUE INDEX removal_pending ON removal (kind) WHERE ended_at IS NULL AND kind = 'retention';
        CREATE INDEX removal_unended ON removal (id) WHERE ended_at IS NULL;

        -- What an erasure is still to erase: the messages that were counted when it was confirmed.
        CREATE TABLE erasure_message (
            message_id INTEGER NOT NULL REFERENCES message (id),
            removal_id INTEGER NOT NULL REFERENCES removal (id),
            PRIMARY KEY (message_id, removal_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX erasure_message_by_removal ON erasure_message (removal_id);

        -- What is left of an erased message (B9), under the keyed hash of its SHA-256.
        CREATE TABLE tombstone (
            content_key BLOB PRIMARY KEY,
            size INTEGER NOT NULL,
            erased_at INTEGER NOT NULL,
            removal_id INTEGER NOT NULL REFERENCES removal (id)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE organization ADD COLUMN retention_days INTEGER CHECK (retention_days BETWEEN 1 AND 36500);
        ALTER TABLE organization ADD COLUMN retention_set_by INTEGER REFERENCES user (id);

        -- Mails that were removed are never read again.
        ALTER TABLE entry ADD COLUMN removed_by TEXT CHECK (removed_by IN ('retention', 'erasure'));
        ALTER TABLE backup_folder ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;

        -- The date by which retention goes (R3): when a message was sent, or, where that was missing or in the future when
        -- it was stored, when it came (received_at).
        ALTER TABLE message ADD COLUMN received_at INTEGER;
        ALTER TABLE message ADD COLUMN dated_at INTEGER AS (COALESCE(received_at, NULLIF(sent_at, 0))) VIRTUAL;
        CREATE INDEX message_by_date ON message (dated_at);
        CREATE INDEX backup_message_by_message ON backup_message (message_id);

        -- Whatever the program does: what is on hold keeps its places, its addresses and its bytes (R1).
        CREATE TRIGGER held_entry_keeps_message BEFORE UPDATE OF message_id ON entry
            WHEN OLD.message_id IS NOT NULL AND NEW.message_id IS NOT OLD.message_id
                AND EXISTS (SELECT 1 FROM held_message WHERE message_id = OLD.message_id)
            BEGIN SELECT RAISE(ABORT, 'a legal hold covers the message'); END;
        CREATE TRIGGER held_entry_stays BEFORE DELETE ON entry
            WHEN OLD.message_id IS NOT NULL
                AND EXISTS (SELECT 1 FROM held_message WHERE message_id = OLD.message_id)
            BEGIN SELECT RAISE(ABORT, 'a legal hold covers the message'); END;
        CREATE TRIGGER held_entry_keeps_address BEFORE DELETE ON entry_address
            WHEN EXISTS (SELECT 1 FROM entry JOIN held_message ON held_message.message_id = entry.message_id
                         WHERE entry.id = OLD.entry_id)
            BEGIN SELECT RAISE(ABORT, 'a legal hold covers the message'); END;
        CREATE TRIGGER held_backup_keeps_message BEFORE DELETE ON backup_message
            WHEN EXISTS (SELECT 1 FROM backup WHERE id = OLD.backup_id AND status = 'completed')
                AND EXISTS (SELECT 1 FROM held_message WHERE message_id = OLD.message_id)
            BEGIN SELECT RAISE(ABORT, 'a legal hold covers the message'); END;
        CREATE TRIGGER held_message_stays BEFORE DELETE ON message
            WHEN EXISTS (SELECT 1 FROM held_message WHERE message_id = OLD.id)
            BEGIN SELECT RAISE(ABORT, 'a legal hold covers the message'); END;
        """
}
