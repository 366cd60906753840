"""A private Dovecot that serves one Maildir, and what reads it: Mailkeep, mbsync, and a raw fetch."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from .mailbox import OWNER

PASSWORD = "mail-password"
ADMINISTRATOR = "admin@company.example"
# Mail belongs to a user of its own when the server runs as root, as Dovecot reads no mail as root.
MAIL_USER = 5000 if os.getuid() == 0 else os.getuid()


class Measured:
    """How a command went: seconds of wall and processor time, peak memory in megabytes, what it printed."""

    spawn = None

    @classmethod
    def prepare(cls, directory):
        cls.spawn = compiled(directory, "spawn")

    def __init__(self, command):
        done = subprocess.run([self.spawn, *command], capture_output=True)
        self.output = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode:
            raise SystemExit(f"benchmark: {command} ended with {done.returncode}:\n{self.output[-4000:]}")
        self.seconds, self.processor, memory = map(float, done.stderr.decode().split("\n")[-2].split())
        self.memory = memory / 1024


def compiled(directory, name, *libraries):
    """A C program of this folder."""
    program = directory / name
    source = Path(__file__).parent / f"{name}.c"
    subprocess.run(["cc", "-O2", "-o", program, source, *libraries], check=True)
    return program


class MailServer:
    """Dovecot on a free port of this machine, from `directory`, which has a short path."""

    def __init__(self, directory, home):
        self.directory = directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("run", "state"):
            (directory / name).mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", directory / "key.pem",
             "-out", directory / "cert.pem"], check=True, stderr=subprocess.DEVNULL)
        internal = "" if os.getuid() == 0 else f"default_internal_user = {os.getlogin()}\ndefault_login_user = {os.getlogin()}\n"
        (directory / "dovecot.conf").write_text(f"""
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{directory}/cert.pem
ssl_key = <{directory}/key.pem
{internal}first_valid_uid = 1
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={MAIL_USER} gid={MAIL_USER} home={home} allow_all_users=yes
}}
mail_location = maildir:~/Maildir
mail_max_userip_connections = 100
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {self.port}
    ssl = yes
  }}
}}
""")
        self.told = 0
        self.process = subprocess.Popen(["dovecot", "-F", "-c", directory / "dovecot.conf"])
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit("benchmark: Dovecot does not start")

    def traffic(self):
        """The bytes that were sent since this was asked last, and those of them that are headers."""
        time.sleep(0.2)
        log = (self.directory / "dovecot.log").read_text(errors="replace")
        sessions = re.findall(r"Logged out.* out=(\d+) .*hdr_bytes=(\d+)", log[self.told:])
        self.told = len(log)
        return sum(int(sent) for sent, _ in sessions), sum(int(headers) for _, headers in sessions)

    def index(self):
        """Takes note of new mail, as delivering it does on real servers, so that nobody who reads it first has to wait."""
        subprocess.run(["doveadm", "-c", self.directory / "dovecot.conf", "index", "-u", OWNER, "*"], check=True)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Mailkeep:
    """A data directory with one user, whose mailbox is the server's, and a contact for each of some addresses."""

    def __init__(self, program, directory, server, contacts):
        self.program, self.directory = program, directory
        self.network = ["--allow-mail-network", "127.0.0.0/8"]
        data = directory / "data"
        subprocess.run(
            [program, "init", "--data", data, "--organization", "Company", "--admin-email", ADMINISTRATOR,
             "--admin-name", "Administrator", "--locale", "en", "--password-stdin"],
            input=b"administrator's password\n", check=True, stdout=subprocess.DEVNULL)
        self.run("user", "add", "--email", OWNER, "--name", "Owner", "--password-stdin", input=b"owner's password\n")
        rows = "".join(f"{i + 1},{OWNER},Contact {i + 1},{address}\n" for i, address in enumerate(contacts))
        (directory / "contacts.csv").write_text("Id,Owner,Name,Email\n" + rows)
        self.run("import", "records", directory / "contacts.csv", "--module", "Contacts")
        self.run(
            "mailbox", "set", "--user", OWNER, "--account-type", "imap", "--address", OWNER, "--host", "localhost",
            "--port", str(server.port), "--security", "tls", "--username", OWNER, "--password-stdin", "--ca-file",
            server.directory / "cert.pem", "--sharing", "complete", *self.network, caller=OWNER,
            input=PASSWORD.encode() + b"\n")

    def command(self, *arguments, caller=ADMINISTRATOR):
        return [self.program, *arguments, "--data", self.directory / "data", "--as", caller]

    def run(self, *arguments, caller=ADMINISTRATOR, input=b""):
        done = subprocess.run(self.command(*arguments, caller=caller), input=input, capture_output=True)
        if done.returncode:
            raise SystemExit(f"benchmark: mailkeep {arguments} failed:\n{done.stderr.decode()}{done.stdout.decode()}")
        return done.stdout

    def fresh(self, name):
        """A copy of this state, to be measured on."""
        copy = Mailkeep.__new__(Mailkeep)
        copy.program, copy.network, copy.directory = self.program, self.network, self.directory.parent / name
        shutil.copytree(self.directory, copy.directory)
        return copy

    def synchronise(self):
        return Measured(self.command("mailbox", "sync", "--user", OWNER, "--wait", *self.network))

    def back_up(self):
        """Deactivates the user, then takes the backup, which alone is measured."""
        self.run("user", "deactivate", "--user", OWNER)
        return Measured(self.command("backup", "start", "--user", OWNER, "--wait", *self.network))

    def latest_backup(self):
        return Measured(self.command("backup", "latest", "--user", OWNER, "--wait", *self.network))

    def backup(self):
        return json.loads(self.run("backup", "list", "--json"))["backups"][0]

    def vault_size(self):
        return sum(each.stat().st_size for each in (self.directory / "data" / "vault").rglob("*") if each.is_file())

    def size(self):
        return sum(each.stat().st_size for each in (self.directory / "data").rglob("*") if each.is_file())


class MailboxSync:
    """mbsync, which copies the mailbox into a Maildir."""

    def __init__(self, directory, server, fsync):
        self.directory = directory
        directory.mkdir()
        (directory / "mbsyncrc").write_text(f"""FSync {"yes" if fsync else "no"}

IMAPAccount account
Host localhost
Port {server.port}
User {OWNER}
Pass {PASSWORD}
SSLType IMAPS
CertificateFile {server.directory}/cert.pem
AuthMechs PLAIN

IMAPStore far
Account account

MaildirStore near
Path {directory}/mail/
Inbox {directory}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Sync Pull
Create Near
SyncState *
CopyArrivalDate yes
""")
        (directory / "mail").mkdir()

    def synchronise(self):
        return Measured(["mbsync", "-q", "-c", self.directory / "mbsyncrc", "-a"])


class RawFetch:
    """Reads every mail and throws it away: no client is faster."""

    def __init__(self, directory, server):
        self.program, self.server = compiled(directory, "raw-fetch", "-lssl", "-lcrypto"), server

    def fetch(self, connections, folders):
        return Measured([self.program, str(self.server.port), OWNER, PASSWORD, str(connections), *folders])
