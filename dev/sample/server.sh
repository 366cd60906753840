#!/usr/bin/env bash
# Sourced by dev/tour and dev/demo: the language to speak, free ports, and a private mail server.

language=${LC_ALL:-${LC_MESSAGES:-${LANG:-en}}}
case $language in ja*) language=ja ;; *) language=en ;; esac

# One sentence in the language of the explanations: tell ENGLISH JAPANESE.
tell() {
    if [ "$language" = ja ]; then printf '%s\n' "$2"; else printf '%s\n' "$1"; fi
}

# Prints a free port of this machine, FIRST or the next one that is free; of 0 any.
free_port() {
    python3 - "$1" <<'PYTHON'
import socket, sys

first = int(sys.argv[1])
for port in range(first, min(first + 500, 65536) if first else 1):
    with socket.socket() as server:
        # As servers do: connections of a former one that are still closing are no hindrance.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
            server.listen()
        except OSError:
            continue
        print(server.getsockname()[1])
        sys.exit()
sys.exit(1)
PYTHON
}

# Mail belongs to a user of its own when the server runs as root, as Dovecot reads no mail as root.
mail_user=$(id -u)
mail_group=$(id -g)
if [ "$mail_user" -eq 0 ]; then mail_user=5000 mail_group=5000; fi

give_mail() {
    [ "$(id -u)" -ne 0 ] || chown -R "$mail_user:$mail_group" "$1"
}

mail_server=

# Starts Dovecot, and sets mail_server to its process: start_mail_server RUN MAIL KEEP PORT USER...
# RUN is a directory with a short path, as sockets need; MAIL holds each user's Maildir; KEEP gets the certificate,
# which stays for later starts.
start_mail_server() {
    local run=$1 mail=$2 keep=$3 port=$4 name users=
    shift 4
    if [ "$(id -u)" -ne 0 ]; then
        users="default_internal_user = $(id -un)
default_login_user = $(id -un)
default_internal_group = $(id -gn)"
    fi
    if [ ! -s "$keep/cert.pem" ]; then
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
            -keyout "$keep/key.pem" -out "$keep/cert.pem" 2>/dev/null
    fi
    for name in "$@"; do echo "$name:{PLAIN}mail password::::::"; done >"$run/users"
    cat >"$run/dovecot.conf" <<END
base_dir = $run/run
state_dir = $run/state
log_path = $run/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <$keep/cert.pem
ssl_key = <$keep/key.pem
passdb {
  driver = passwd-file
  args = scheme=plain $run/users
}
userdb {
  driver = static
  args = uid=$mail_user gid=$mail_group home=$mail/%u
}
first_valid_uid = 1
$users
mail_location = maildir:~/Maildir
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \\Drafts
  }
  mailbox Junk {
    special_use = \\Junk
  }
  mailbox Trash {
    special_use = \\Trash
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $port
  }
}
END
    # In a process group of its own, so that Ctrl-C reaches only who started it, and they end it in their turn.
    set -m
    PATH=$PATH:/usr/sbin dovecot -F -c "$run/dovecot.conf" &
    mail_server=$!
    set +m
    for _ in $(seq 200); do
        if (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
        kill -0 "$mail_server" 2>/dev/null || break
        sleep 0.05
    done
    cat "$run/dovecot.log" >&2 || true
    return 1
}
