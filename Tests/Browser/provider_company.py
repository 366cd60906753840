"""A small company whose people sign in to their mailboxes at a provider, with a mail server that trusts it."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from company import PASSWORD, free_port, wait_until
from person import Person
from provider import CLIENT, SECRET, Provider

HANA, ADMIN, CUSTOMER = "hana@sakura.example", "ada@sakura.example", "taro@customer.example"
MAIL_USER = 5000 if os.getuid() == 0 else os.getuid()
MAIL_GROUP = 5000 if os.getuid() == 0 else os.getgid()


def accepts(port):
    import socket
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class MailServer:
    """A Dovecot that asks the provider whose an access token is."""

    def __init__(self, directory, port, provider):
        self.directory, self.port = Path(directory), port
        self.mail = self.directory / "mail"
        self.mail.mkdir(parents=True)
        os.chmod(self.directory, 0o711)
        os.chown(self.mail, MAIL_USER, MAIL_GROUP)
        self.certificate = self.directory / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", self.directory / "key.pem", "-out", self.certificate],
            check=True, capture_output=True)
        (self.directory / "oauth2.conf").write_text(
            f"tokeninfo_url = {provider.address}/tokeninfo?access_token=\nusername_attribute = email\n")
        users = "" if os.getuid() == 0 else "default_internal_user = {0}\ndefault_login_user = {0}\n".format(os.getlogin())
        configuration = self.directory / "dovecot.conf"
        configuration.write_text(f"""
base_dir = {self.directory}/run
state_dir = {self.directory}/state
log_path = {self.directory}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{self.certificate}
ssl_key = <{self.directory}/key.pem
auth_mechanisms = xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {self.directory}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={MAIL_USER} gid={MAIL_GROUP} home={self.mail}/%u
}}
first_valid_uid = 1
{users}
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
""")
        program = shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([program, "-F", "-c", configuration], stdin=subprocess.DEVNULL)
        wait_until(lambda: accepts(port), what="the mail server")

    def deliver(self, user, subject):
        box = self.mail / user / "Maildir"
        for folder in ["cur", "new", "tmp"]:
            (box / folder).mkdir(parents=True, exist_ok=True)
        message = f"From: {CUSTOMER}\r\nTo: {user}\r\nSubject: {subject}\r\nDate: Thu, 26 Nov 2026 10:00:00 +0900\r\n\r\nHello\r\n"
        (box / "new" / f"{time.time_ns()}.test").write_bytes(message.encode())
        for path in [self.mail / user, *(self.mail / user).rglob("*")]:
            os.chown(path, MAIL_USER, MAIL_GROUP)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class ProviderCompany:
    """The company, in a with statement."""

    def __init__(self, directory, program):
        self.directory, self.program = Path(directory), program
        self.directory.mkdir()
        os.chmod(self.directory, 0o711)
        self.people = []
        self.provider = Provider(free_port()).__enter__()
        self.mail = MailServer(self.directory / "mail", free_port(), self.provider)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.provider.memory.redirects = {f"{self.address}/settings/mail-addon/sign-in/google"}
        self.environment = {
            **os.environ, "MAILKEEP_DATA": str(self.directory / "data"), "MAILKEEP_ALLOW_MAIL_NETWORK": "127.0.0.0/8",
            "MAILKEEP_GOOGLE_CLIENT_ID": CLIENT, "MAILKEEP_GOOGLE_CLIENT_SECRET": SECRET,
            "MAILKEEP_GOOGLE_AUTHORIZATION_ENDPOINT": f"{self.provider.address}/authorize",
            "MAILKEEP_GOOGLE_TOKEN_ENDPOINT": f"{self.provider.address}/token",
            "MAILKEEP_GOOGLE_MAIL_HOST": "127.0.0.1", "MAILKEEP_GOOGLE_MAIL_PORT": str(self.mail.port),
            "MAILKEEP_GOOGLE_CA_FILE": str(self.mail.certificate),
        }
        self.shell("init", "--organization", "さくら商事", "--admin-email", ADMIN, "--admin-name", "Ada",
                   "--password-stdin", input=PASSWORD)
        self.shell("user", "add", "--email", HANA, "--name", "Hana", "--password-stdin", "--as", ADMIN, input=PASSWORD)
        records = self.directory / "records.csv"
        records.write_text(f"Id,Owner,Name,Email\n12,{HANA},Taro,{CUSTOMER}\n")
        self.shell("import", "records", str(records), "--module", "Contacts", "--as", ADMIN)
        with open(self.directory / "serve.log", "wb") as log:
            self.process = subprocess.Popen([program, "serve", "--port", str(self.port), "--sync-interval", "86400"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        wait_until(lambda: accepts(self.port), what="the pages")

    def shell(self, *arguments, input=None, status=0):
        done = subprocess.run([self.program, *arguments], input=input, env=self.environment, capture_output=True, text=True)
        assert done.returncode == status, f"{arguments}: {done.returncode} {done.stderr}"
        return done.stdout + done.stderr

    def synchronise(self, status=0):
        return self.shell("mailbox", "sync", "--user", HANA, "--wait", "--as", HANA, status=status)

    def person(self, email, language):
        """A new browser in which somebody is signed in."""
        person = Person(self.address, language)
        self.people.append(person)
        person.sign_in(email, PASSWORD)
        person.open("/settings/account")
        if person.html_language != language:
            person.choose("locale", language)
            person.follow(person.find("form[action='/settings/account'] button"))
        return person

    def stop(self):
        for person in self.people:
            person.leave()
        self.process.terminate()
        self.process.wait(60)
        self.mail.stop()
        self.provider.__exit__()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
