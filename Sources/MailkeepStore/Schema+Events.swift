extension Schema {
    /// What happened, and who is told of it.
    ///
    /// Triggers note it, so that it makes no difference by which way in it happened, and an event stands where what it
    /// tells of stands.
    static let events = """
        -- Ids, codes and moments alone. uid names an event to receivers: it is never given twice, and be an earlier
        -- snapshot restored.
        CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uid TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
            type TEXT NOT NULL,
            at INTEGER NOT NULL,
            user_id INTEGER,
            actor_id INTEGER,
            backup_id INTEGER,
            backup_kind TEXT,
            reason TEXT
        ) STRICT;

        -- sealed_settings holds the address and the secret. events is separated by spaces, and begins and ends with one.
        CREATE TABLE webhook (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            sealed_settings BLOB NOT NULL,
            events TEXT NOT NULL,
            created_by INTEGER NOT NULL REFERENCES user (id),
            created_at INTEGER NOT NULL,
            disabled_at INTEGER
        ) STRICT;

        -- An event on its way to a webhook, or by mail to an administrator. status, error and last_at are of the last
        -- attempt.
        CREATE TABLE delivery (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            event_id INTEGER NOT NULL REFERENCES event (id) ON DELETE CASCADE,
            webhook_id INTEGER REFERENCES webhook (id) ON DELETE CASCADE,
            user_id INTEGER REFERENCES user (id),
            state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
            attempts INTEGER NOT NULL DEFAULT 0,
            next_at INTEGER NOT NULL DEFAULT 0,
            last_at INTEGER,
            status INTEGER,
            error TEXT,
            CHECK ((webhook_id IS NULL) <> (user_id IS NULL))
        ) STRICT;
        CREATE INDEX delivery_pending ON delivery (webhook_id, next_at) WHERE state = 'pending';
        CREATE INDEX delivery_by_event ON delivery (event_id);
        CREATE INDEX delivery_by_webhook ON delivery (webhook_id, id);

        CREATE TRIGGER event_is_told AFTER INSERT ON event WHEN NEW.type <> 'webhook.test'
            BEGIN
                INSERT INTO delivery (event_id, webhook_id)
                SELECT NEW.id, id FROM webhook WHERE disabled_at IS NULL AND instr(events, ' ' || NEW.type || ' ');
                -- What comes within half a minute goes into one mail.
                INSERT INTO delivery (event_id, user_id, next_at)
                SELECT NEW.id, id, NEW.at + 30000 FROM user WHERE profile = 'administrator' AND status = 'active'
                  AND NEW.type IN (
                    'backup.failed', 'mailbox.needs_attention', 'connection.needs_attention', 'user.not_backed_up');
            END;
        -- However long nobody delivers them, and however many there are.
        CREATE TRIGGER event_is_old AFTER INSERT ON event
            BEGIN DELETE FROM event WHERE id <= NEW.id - 10000; END;

        CREATE TRIGGER backup_has_ended AFTER UPDATE OF status ON backup
            WHEN NEW.status IN ('completed', 'failed') AND NEW.status <> OLD.status
            BEGIN
                INSERT INTO event (type, at, user_id, backup_id, backup_kind, reason)
                VALUES ('backup.' || NEW.status, COALESCE(NEW.ended_at, NEW.requested_at), NEW.user_id, NEW.id, NEW.kind, NEW.error);
            END;
        CREATE TRIGGER user_is_locked AFTER UPDATE OF locked_by ON mail_addon
            WHEN NEW.locked_by IS NOT NULL AND OLD.locked_by IS NULL
            BEGIN
                INSERT INTO event (type, at, user_id, actor_id)
                VALUES ('user.locked', NEW.locked_at, NEW.user_id, NEW.locked_by);
            END;
        CREATE TRIGGER user_is_unlocked AFTER UPDATE OF locked_by ON mail_addon
            WHEN NEW.locked_by IS NULL AND OLD.locked_by IS NOT NULL
            BEGIN
                INSERT INTO event (type, at, user_id)
                VALUES ('user.unlocked', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), NEW.user_id);
            END;
        CREATE TRIGGER user_is_deactivated AFTER UPDATE OF status ON user
            WHEN NEW.status = 'inactive' AND OLD.status = 'active'
            BEGIN
                INSERT INTO event (type, at, user_id) VALUES ('user.deactivated', COALESCE(NEW.deactivated_at, NEW.created_at), NEW.id);
                DELETE FROM mailbox_attention WHERE user_id = NEW.id;
            END;

        -- Mailboxes that cannot be read until a person mends something: one row from the first synchronisation that
        -- failed for such a reason until one that did not.
        CREATE TABLE mailbox_attention (
            user_id INTEGER PRIMARY KEY REFERENCES user (id),
            since INTEGER NOT NULL
        ) STRICT;
        CREATE TRIGGER mailbox_needs_attention AFTER UPDATE OF state ON job
            WHEN NEW.kind = 'synchronise' AND NEW.state = 'failed' AND OLD.state <> 'failed'
                AND NEW.error IN ('auth', 'revoked', 'provider', 'certificate', 'security', 'network', 'settings',
                                  'path', 'stalled')
                AND NOT EXISTS (SELECT 1 FROM mailbox_attention WHERE user_id = NEW.user_id)
                AND EXISTS (SELECT 1 FROM user WHERE id = NEW.user_id AND status = 'active')
            BEGIN
                INSERT INTO mailbox_attention (user_id, since) VALUES (NEW.user_id, COALESCE(NEW.ended_at, NEW.created_at));
                INSERT INTO event (type, at, user_id, reason)
                VALUES ('mailbox.needs_attention', COALESCE(NEW.ended_at, NEW.created_at), NEW.user_id, NEW.error);
            END;
        CREATE TRIGGER mailbox_is_read_again AFTER UPDATE OF state ON job
            WHEN NEW.kind = 'synchronise' AND (NEW.state = 'done' OR NEW.state = 'failed' AND NEW.error = 'partial')
            BEGIN DELETE FROM mailbox_attention WHERE user_id = NEW.user_id; END;
        CREATE TRIGGER mailbox_is_another AFTER UPDATE OF mailbox_id ON mail_addon
            WHEN NEW.mailbox_id <> OLD.mailbox_id
            BEGIN DELETE FROM mailbox_attention WHERE user_id = NEW.user_id; END;

        CREATE TRIGGER connection_needs_attention AFTER UPDATE OF attention ON connection
            WHEN NEW.attention IS NOT NULL AND OLD.attention IS NULL
            BEGIN
                INSERT INTO event (type, at, reason)
                VALUES ('connection.needs_attention', COALESCE(NEW.ended_at, NEW.saved_at), NEW.attention);
            END;
        """
}
