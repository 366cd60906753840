import GRDB

/// The numbered migrations of `mailkeep.sqlite`.
///
/// A migration that has shipped is never edited.
///
/// Columns named `sealed_…` hold AES-256-GCM boxes (design decision 9). Moments are milliseconds since 1970 UTC;
/// `hash` columns are keyed 16-byte hashes of normalised addresses.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { try $0.execute(sql: directory + mail + backups + journal) }
        migrator.registerMigration("2") { try $0.execute(sql: reading) }
        migrator.registerMigration("3") { try $0.execute(sql: pendingSignIns) }
        migrator.registerMigration("4") { try $0.execute(sql: otherWaysIn) }
        migrator.registerMigration("5") { try $0.execute(sql: jobsInTurn) }
        migrator.registerMigration("6") { try $0.execute(sql: certificates) }
        migrator.registerMigration("7") { try $0.execute(sql: "ALTER TABLE folder ADD COLUMN mod_seq INTEGER") }
        migrator.registerMigration("8") { try $0.execute(sql: parts) }
        migrator.registerMigration("keeping") { try $0.execute(sql: keeping) }
        migrator.registerMigration("appending") { try $0.execute(sql: appending) }
        migrator.registerMigration("clients") { try $0.execute(sql: clients) }
        migrator.registerMigration("events") { try $0.execute(sql: events) }
        return migrator
    }

    /// The CRM directory: roles, users, records.
    private static let directory = """
        CREATE TABLE organization (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            name TEXT NOT NULL,
            administrators_see_records INTEGER NOT NULL DEFAULT 1 CHECK (administrators_see_records IN (0, 1)),
            created_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE role (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            reports_to INTEGER REFERENCES role (id)
        ) STRICT;

        -- Every role above a role, however far: the closure of reports_to.
        CREATE TABLE role_superior (
            role_id INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
            superior_id INTEGER NOT NULL REFERENCES role (id) ON DELETE CASCADE,
            PRIMARY KEY (role_id, superior_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX role_superior_by_superior ON role_superior (superior_id);

        CREATE TABLE user (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            email TEXT NOT NULL,
            normalized_email TEXT NOT NULL UNIQUE,
            domain TEXT NOT NULL,
            name TEXT NOT NULL,
            profile TEXT NOT NULL CHECK (profile IN ('administrator', 'standard')),
            status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
            role_id INTEGER REFERENCES role (id),
            locale TEXT NOT NULL CHECK (locale IN ('ja', 'en')),
            password_hash TEXT,
            created_at INTEGER NOT NULL,
            deactivated_at INTEGER,
            reactivated_at INTEGER
        ) STRICT;
        CREATE INDEX user_by_role ON user (role_id);
        CREATE INDEX user_by_name ON user (status, name COLLATE NOCASE);

        -- Signed-in browsers. Of a token only its SHA-256 is kept; notice is what the next page tells.
        CREATE TABLE session (
            token_hash BLOB PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES user (id),
            created_at INTEGER NOT NULL,
            used_at INTEGER NOT NULL,
            notice TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX session_by_user ON session (user_id);
        CREATE INDEX session_by_use ON session (used_at);

        -- One-time links by which users choose their password: one for each user, the last that was made.
        CREATE TABLE invitation (
            token_hash BLOB PRIMARY KEY,
            user_id INTEGER NOT NULL UNIQUE REFERENCES user (id),
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- Addresses of the organisation's own users: they never associate (V5).
        CREATE TABLE internal_address (
            hash BLOB NOT NULL,
            user_id INTEGER NOT NULL REFERENCES user (id),
            kind TEXT NOT NULL CHECK (kind IN ('user', 'mailbox', 'alias')),
            PRIMARY KEY (hash, user_id, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX internal_address_by_user ON internal_address (user_id, kind);

        CREATE TABLE user_alias (
            normalized_address TEXT PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES user (id),
            address TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX user_alias_by_user ON user_alias (user_id);

        CREATE TABLE record (
            key INTEGER PRIMARY KEY,
            module TEXT NOT NULL CHECK (module IN ('Leads', 'Contacts', 'Accounts', 'Deals')),
            id INTEGER NOT NULL CHECK (id > 0),
            owner_id INTEGER NOT NULL REFERENCES user (id),
            name TEXT NOT NULL,
            account_key INTEGER REFERENCES record (key),
            contact_key INTEGER REFERENCES record (key),
            fields TEXT NOT NULL DEFAULT '{}',
            created_at INTEGER NOT NULL,
            modified_at INTEGER NOT NULL,
            UNIQUE (module, id)
        ) STRICT;
        CREATE INDEX record_by_account ON record (account_key);
        CREATE INDEX record_by_contact ON record (contact_key);
        CREATE INDEX record_by_owner ON record (owner_id, module);
        CREATE INDEX record_by_name ON record (module, name COLLATE NOCASE);
        CREATE INDEX record_by_change ON record (module, modified_at);

        CREATE TABLE record_address (
            record_key INTEGER NOT NULL REFERENCES record (key) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            address TEXT NOT NULL,
            hash BLOB NOT NULL,
            PRIMARY KEY (record_key, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX record_address_by_hash ON record_address (hash);

        CREATE TABLE record_share (
            record_key INTEGER NOT NULL REFERENCES record (key) ON DELETE CASCADE,
            user_id INTEGER NOT NULL REFERENCES user (id),
            PRIMARY KEY (record_key, user_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX record_share_by_user ON record_share (user_id);

        """

    /// Mail add-on settings, what was seen in mailboxes, and what of it is stored.
    private static let mail = """
        CREATE TABLE mailbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES user (id),
            address TEXT NOT NULL,
            normalized_address TEXT NOT NULL,
            domain TEXT NOT NULL,
            last_sync_at INTEGER,
            covered_until INTEGER,
            UNIQUE (user_id, normalized_address)
        ) STRICT;

        CREATE TABLE mail_addon (
            user_id INTEGER PRIMARY KEY REFERENCES user (id),
            mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
            account_type TEXT NOT NULL,
            host TEXT,
            port INTEGER,
            security TEXT,
            ca_certificates TEXT,
            path TEXT,
            sealed_credentials BLOB,
            sharing TEXT NOT NULL CHECK (sharing IN ('private', 'record_level', 'complete')),
            locked_by INTEGER REFERENCES user (id),
            locked_at INTEGER,
            saved_at INTEGER NOT NULL,
            CHECK ((locked_by IS NULL) = (locked_at IS NULL))
        ) STRICT;

        -- Attached by an administrator in place of a leaver's own credentials (L9).
        CREATE TABLE backup_source (
            user_id INTEGER PRIMARY KEY REFERENCES user (id),
            path TEXT,
            host TEXT,
            port INTEGER,
            security TEXT,
            ca_certificates TEXT,
            sealed_credentials BLOB,
            attached_by INTEGER NOT NULL REFERENCES user (id),
            attached_at INTEGER NOT NULL
        ) STRICT;

        -- One row for each UIDVALIDITY that a folder was seen with: a new one starts anew and removes nothing. The one
        -- that the folder was seen with last is current.
        CREATE TABLE folder (
            id INTEGER PRIMARY KEY,
            mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
            name TEXT NOT NULL,
            uid_validity INTEGER NOT NULL,
            next_uid INTEGER NOT NULL DEFAULT 1,
            is_current INTEGER NOT NULL DEFAULT 1 CHECK (is_current IN (0, 1)),
            UNIQUE (mailbox_id, name, uid_validity)
        ) STRICT;

        -- One mail seen in a folder. message_id stays NULL for what is not associated: nothing readable is kept of it.
        -- Of a mail whose header could not be read, or not wholly, it is not known whether it is.
        CREATE TABLE entry (
            id INTEGER PRIMARY KEY,
            folder_id INTEGER NOT NULL REFERENCES folder (id),
            uid INTEGER NOT NULL,
            size INTEGER NOT NULL,
            sent_at INTEGER NOT NULL,
            message_id INTEGER REFERENCES message (id),
            skipped TEXT CHECK (skipped IN ('vanished', 'too_large', 'unreadable', 'header_unreadable')),
            UNIQUE (folder_id, uid)
        ) STRICT;
        CREATE INDEX entry_by_reason ON entry (folder_id, skipped) WHERE skipped IS NOT NULL;
        CREATE INDEX entry_by_message ON entry (message_id, folder_id) WHERE message_id IS NOT NULL;

        -- fields: 1 From, 2 Sender, 4 Reply-To, 8 To, 16 Cc, 32 Bcc; 64: only as the form without +tag.
        CREATE TABLE entry_address (
            hash BLOB NOT NULL,
            entry_id INTEGER NOT NULL REFERENCES entry (id),
            fields INTEGER NOT NULL,
            PRIMARY KEY (hash, entry_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX entry_address_by_entry ON entry_address (entry_id, fields);

        CREATE TABLE content (
            key BLOB PRIMARY KEY,
            segment INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            length INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE message (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            content_key BLOB NOT NULL UNIQUE REFERENCES content (key),
            size INTEGER NOT NULL,
            sent_at INTEGER NOT NULL,
            has_attachment INTEGER NOT NULL,
            sealed_summary BLOB NOT NULL
        ) STRICT;

        -- Record-level share: the records whose mail an owner has chosen to share.
        CREATE TABLE email_share (
            user_id INTEGER NOT NULL REFERENCES user (id),
            record_key INTEGER NOT NULL REFERENCES record (key) ON DELETE CASCADE,
            shared_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, record_key)
        ) STRICT, WITHOUT ROWID;

        """

    /// Backups and the jobs that take them.
    private static let backups = """
        CREATE TABLE backup (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES user (id),
            kind TEXT NOT NULL CHECK (kind IN ('backup', 'latest_backup')),
            status TEXT NOT NULL CHECK (status IN ('waiting', 'in_progress', 'completed', 'failed', 'cancelled')),
            mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
            domain TEXT NOT NULL,
            requested_by INTEGER NOT NULL REFERENCES user (id),
            requested_at INTEGER NOT NULL,
            started_at INTEGER,
            ended_at INTEGER,
            covered_until INTEGER,
            source TEXT CHECK (source IN ('mailbox', 'backup_source', 'synchronised')),
            error TEXT,
            error_detail TEXT,
            folders_done INTEGER NOT NULL DEFAULT 0,
            folders INTEGER NOT NULL DEFAULT 0,
            found INTEGER NOT NULL DEFAULT 0,
            stored INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0,
            messages INTEGER NOT NULL DEFAULT 0,
            added INTEGER NOT NULL DEFAULT 0,
            message_bytes INTEGER NOT NULL DEFAULT 0,
            root BLOB,
            signature BLOB,
            manifest_key BLOB REFERENCES content (key),
            audit_head BLOB
        ) STRICT;
        CREATE UNIQUE INDEX backup_pending ON backup (user_id) WHERE status IN ('waiting', 'in_progress');
        CREATE INDEX backup_by_user ON backup (user_id, id);

        -- The first backup of a user that holds a message; every later one holds it too.
        CREATE TABLE backup_message (
            user_id INTEGER NOT NULL REFERENCES user (id),
            message_id INTEGER NOT NULL REFERENCES message (id),
            backup_id INTEGER NOT NULL REFERENCES backup (id),
            PRIMARY KEY (user_id, message_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX backup_message_by_backup ON backup_message (backup_id);

        CREATE TABLE backup_folder (
            backup_id INTEGER NOT NULL REFERENCES backup (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            on_server INTEGER,
            considered INTEGER NOT NULL,
            associated INTEGER NOT NULL,
            stored INTEGER NOT NULL,
            stored_before INTEGER NOT NULL,
            vanished INTEGER NOT NULL,
            too_large INTEGER NOT NULL,
            unreadable INTEGER NOT NULL,
            excluded TEXT CHECK (excluded IN ('junk', 'drafts', 'not_selectable', 'unreadable')),
            PRIMARY KEY (backup_id, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE job (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('synchronise', 'backup')),
            user_id INTEGER NOT NULL REFERENCES user (id),
            backup_id INTEGER REFERENCES backup (id),
            state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
            permissions TEXT NOT NULL,
            lease TEXT,
            lease_until INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            ended_at INTEGER,
            error TEXT,
            error_detail TEXT
        ) STRICT;
        CREATE UNIQUE INDEX job_pending ON job (user_id, kind) WHERE state IN ('waiting', 'running');
        CREATE INDEX job_by_user ON job (user_id, kind);
        CREATE UNIQUE INDEX job_by_backup ON job (backup_id) WHERE backup_id IS NOT NULL;

        """

    /// What was done, and what was refused (U4).
    private static let journal = """
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            actor_id INTEGER REFERENCES user (id),
            origin TEXT NOT NULL,
            request TEXT NOT NULL,
            action TEXT NOT NULL,
            user_id INTEGER REFERENCES user (id),
            target TEXT,
            outcome TEXT NOT NULL CHECK (outcome IN ('done', 'unchanged', 'refused', 'failed')),
            rule TEXT,
            reason TEXT,
            details TEXT NOT NULL,
            hash BLOB NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_action ON audit (action);
        CREATE INDEX audit_by_actor ON audit (actor_id);
        CREATE INDEX audit_by_user ON audit (user_id);
        CREATE TRIGGER audit_is_append_only_insert BEFORE INSERT ON audit
            WHEN NEW.id <= (SELECT MAX(id) FROM audit)
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        """

    /// What makes a run with nothing new cheap, and lets servers set the pace.
    private static let reading = """
        -- Mails whose body is to be read: what was associated when it was last looked at. Whether it still is decides
        -- when it is read.
        CREATE TABLE wanted (
            folder_id INTEGER NOT NULL REFERENCES folder (id),
            uid INTEGER NOT NULL,
            entry_id INTEGER NOT NULL REFERENCES entry (id),
            PRIMARY KEY (folder_id, uid)
        ) STRICT, WITHOUT ROWID;

        -- Addresses that may associate from now on, for which older mail is still to be looked through; entry_id is how
        -- far that has come.
        CREATE TABLE address_change (
            hash BLOB PRIMARY KEY,
            entry_id INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID;
        CREATE TRIGGER record_address_is_new AFTER INSERT ON record_address
            BEGIN INSERT OR REPLACE INTO address_change (hash) VALUES (NEW.hash); END;
        CREATE TRIGGER internal_address_is_gone AFTER DELETE ON internal_address
            BEGIN INSERT OR REPLACE INTO address_change (hash) VALUES (OLD.hash); END;
        INSERT INTO address_change (hash) SELECT DISTINCT hash FROM record_address;

        -- What the server calls a folder and a mail for ever, whatever becomes of their names (RFC 8474, X-GM-MSGID); of
        -- mails a keyed hash.
        ALTER TABLE folder ADD COLUMN object_id TEXT;
        ALTER TABLE entry ADD COLUMN email_id BLOB;
        -- Whether the server lists it no more; what is stored of it stays.
        ALTER TABLE entry ADD COLUMN is_gone INTEGER NOT NULL DEFAULT 0 CHECK (is_gone IN (0, 1));
        CREATE INDEX entry_gone ON entry (folder_id) WHERE is_gone;
        ALTER TABLE backup_folder ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX entry_by_email_id ON entry (email_id) WHERE email_id IS NOT NULL;

        -- Bytes of mail read from a server on one day, counted in days since 1970 UTC.
        ALTER TABLE mailbox ADD COLUMN read_day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE mailbox ADD COLUMN read_bytes INTEGER NOT NULL DEFAULT 0;

        -- Until when a job rests, as its mail server asks for.
        ALTER TABLE job ADD COLUMN not_before INTEGER;
        ALTER TABLE job ADD COLUMN rests INTEGER NOT NULL DEFAULT 0;
        """

    /// Jobs that are asked for while one of their kind is at work on the mailbox wait beside it.
    private static let jobsInTurn = """
        DROP INDEX job_pending;
        CREATE INDEX job_pending ON job (user_id, kind) WHERE state IN ('waiting', 'running');
        """

    /// Sign-ins at mail providers that have begun: one for each session, taken by the answer to it.
    private static let pendingSignIns = """
        CREATE TABLE pending_sign_in (
            session_hash BLOB PRIMARY KEY REFERENCES session (token_hash) ON DELETE CASCADE,
            state_hash BLOB NOT NULL,
            expires_at INTEGER NOT NULL,
            sealed_request BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// POP3, addresses with a tag, and uploaded backup sources.
    private static let otherWaysIn = """
        ALTER TABLE organization ADD COLUMN ignores_tags INTEGER NOT NULL DEFAULT 0 CHECK (ignores_tags IN (0, 1));

        -- Of addresses of records and of users that have a +tag: the same without it.
        CREATE TABLE tagged_address (
            hash BLOB PRIMARY KEY,
            untagged_hash BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX tagged_address_by_untagged ON tagged_address (untagged_hash);
        CREATE TRIGGER internal_address_with_tag_is_gone AFTER DELETE ON internal_address
            BEGIN
                INSERT OR REPLACE INTO address_change (hash)
                SELECT untagged_hash FROM tagged_address WHERE hash = OLD.hash;
            END;
        -- What associates from now on may be any record's.
        CREATE TRIGGER tags_are_ignored AFTER UPDATE OF ignores_tags ON organization
            WHEN NEW.ignores_tags AND NOT OLD.ignores_tags
            BEGIN INSERT OR REPLACE INTO address_change (hash) SELECT DISTINCT hash FROM record_address; END;

        -- The UIDs that mails on POP3 servers were given, by keyed hashes of what names them there.
        CREATE TABLE pop3_message (
            mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
            uid_validity INTEGER NOT NULL,
            identity BLOB NOT NULL,
            uid INTEGER NOT NULL,
            PRIMARY KEY (mailbox_id, uid_validity, identity)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX pop3_message_by_uid ON pop3_message (mailbox_id, uid_validity, uid);

        -- The sealed file in the data directory that is a user's backup source; lengths are of what it holds.
        CREATE TABLE backup_upload (
            user_id INTEGER PRIMARY KEY REFERENCES backup_source (user_id) ON DELETE CASCADE,
            file TEXT NOT NULL UNIQUE,
            length INTEGER NOT NULL,
            index_length INTEGER
        ) STRICT;
        -- It holds mail that is none of the CRM's too, and goes as soon as it has served (B2).
        CREATE TRIGGER backup_upload_has_served AFTER UPDATE OF status ON backup
            WHEN NEW.status IN ('completed', 'cancelled')
            BEGIN
                DELETE FROM backup_source
                WHERE user_id = NEW.user_id AND user_id IN (SELECT user_id FROM backup_upload);
            END;
        """

    /// What contents of the vault are put together of.
    private static let parts = """
        CREATE TABLE content_part (
            content_key BLOB NOT NULL REFERENCES content (key) ON DELETE CASCADE,
            part_key BLOB NOT NULL REFERENCES content (key),
            PRIMARY KEY (content_key, part_key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX content_part_by_part ON content_part (part_key);
        CREATE INDEX content_by_place ON content (segment, offset);
        """

    /// What a backup's certificate needs to add up.
    private static let certificates = """
        ALTER TABLE backup_folder ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE backup_folder ADD COLUMN not_read INTEGER NOT NULL DEFAULT 0;

        -- Folders that the last synchronisation left out: a backup that cannot reach the mailbox names them too (B10).
        CREATE TABLE excluded_folder (
            mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
            name TEXT NOT NULL,
            reason TEXT NOT NULL CHECK (reason IN ('junk', 'drafts', 'not_selectable', 'unreadable')),
            PRIMARY KEY (mailbox_id, name)
        ) STRICT, WITHOUT ROWID;
        """
}
