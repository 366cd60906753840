"""The sample company of dev/demo, with its own mail server, started for a test and ended by it."""

import contextlib
import imaplib
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from person import Person
from words import ROOT

DOMAIN = "sakura.example"
PASSWORD = "hanami-2026"
NAMES = {
    "takahashi": "高橋 恵", "miller": "James Miller", "ogawa": "小川 隆", "ito": "伊藤 美咲", "yamada": "山田 太郎",
    "tanaka": "田中 花子", "carter": "Emily Carter", "watanabe": "渡辺 直樹",
}
# Where people's language was not set to another one.
LANGUAGES = {"miller": "en", "carter": "en"}
DEMO = ROOT / "dev/demo"


# Processes that test at once take ports of different ranges, none of which the system gives away by itself.
PORTS = 18300 + 200 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def free_port():
    for port in range(PORTS, PORTS + 200):
        with socket.socket() as server:
            # As servers do: connections of a former one that are still closing are no hindrance.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                server.bind(("127.0.0.1", port))
                server.listen()
            except OSError:
                continue
            return port
    raise AssertionError(f"no port is free from {PORTS} on")


def wait_until(condition, limit=60, what="what was waited for"):
    """Waits until a condition gives something, and returns it."""
    end = time.monotonic() + limit
    while True:
        if found := condition():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {limit} s")
        time.sleep(0.05)


def tell_processes(session):
    """Prints what runs in a session, with what it waits for."""
    subprocess.run(["ps", "--sid", str(session), "-o", "pid,ppid,stat,wchan:20,etime,args"], check=False)


class Company:
    """A directory with the company, and its servers while they run."""

    def __init__(self, directory, program, demo=DEMO):
        self.directory, self.program, self.demo = Path(directory), program, demo
        self.process = None
        self.people = []
        self.port = None

    def start(self):
        self.port = free_port()
        self.directory.mkdir(parents=True, exist_ok=True)
        log = self.directory.parent / f"{self.directory.name}.log"
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [self.demo, "--directory", self.directory, "--port", str(self.port), "--mail-port", str(PORTS + 100),
                 "--program", self.program],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

        def is_ready():
            assert self.process.poll() is None, log.read_text()
            return f"{self.address}/signin" in log.read_text()

        try:
            wait_until(is_ready, limit=300, what="the company")
        except BaseException:
            for told in [log, self.directory / "set-up.log", self.directory / "serve.log"]:
                print(f"{told}:\n{told.read_text()[-3000:] if told.exists() else ''}")
            tell_processes(self.process.pid)
            self.stop()
            raise
        return self

    def stop(self):
        """Ends the people's browsers, the pages and the mail server."""
        for person in self.people:
            person.leave()
        self.people = []
        if self.process is None:
            return
        self.resume_mail()
        groups = self.groups()
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            for group in [*groups, self.process.pid]:
                try:
                    os.killpg(group, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.wait()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def person(self, login, language=None, **options):
        """A new browser in which somebody of the company is signed in."""
        language = language or LANGUAGES.get(login, "ja")
        person = self.visitor(language, **options)
        person.sign_in(f"{login}@{DOMAIN}", PASSWORD)
        person.open("/settings/account")
        if person.html_language != language:
            person.choose("locale", language)
            person.follow(person.find("form[action='/settings/account'] button"))
        return person

    def visitor(self, language="ja", **options):
        """A new browser in which nobody is signed in."""
        person = Person(self.address, language, **options)
        self.people.append(person)
        return person

    def leave(self, person):
        """Closes somebody's browser."""
        self.people.remove(person)
        person.leave()

    # The mail server -------------------------------------------------------------------------------------------------

    def lock_file(self):
        try:
            return (self.directory / "demo.lock").read_text().split()
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def paused_pages(self):
        """Lets the server of the pages answer nothing meanwhile."""
        pages = self.groups()[0]
        os.killpg(pages, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(pages, signal.SIGCONT)

    def groups(self):
        """The process groups of the pages and of the mail server."""
        return [-int(group) for group in self.lock_file()[2:]]

    def pause_mail(self):
        """Lets the mail server answer nothing until it is resumed: what reads mail stays at work meanwhile."""
        os.killpg(self.groups()[1], signal.SIGSTOP)

    def resume_mail(self):
        if len(self.groups()) > 1:
            try:
                os.killpg(self.groups()[1], signal.SIGCONT)
            except ProcessLookupError:
                pass

    def set_mail_password(self, login, password):
        """Changes somebody's password on the mail server, which looks at its file once a second."""
        users = Path(self.lock_file()[1]) / "users"
        lines = [f"{login}:{{PLAIN}}{password}::::::" if line.startswith(f"{login}:") else line
                 for line in users.read_text().splitlines()]
        users.write_text("".join(f"{line}\n" for line in lines))
        wait_until(lambda: self.mail_accepts(login, password), what="the mail server's new password")

    def mail_accepts(self, login, password):
        trusting = ssl.create_default_context(cafile=self.directory / "cert.pem")
        with imaplib.IMAP4_SSL("127.0.0.1", PORTS + 100, ssl_context=trusting) as connection:
            try:
                connection.login(login, password)
            except imaplib.IMAP4.error:
                return False
            return True

    def mail_file(self, login, content):
        """The file of the mail server that holds these words, of somebody's mail."""
        for path in (self.directory / "mail" / login).rglob("*"):
            if path.is_file() and path.parent.name in ("cur", "new") and content in path.read_bytes():
                return path
        raise AssertionError(f"no mail of {login} has {content}")

    def shell(self, *arguments, input=None):
        """Runs a command of the program, as in a shell."""
        environment = {**os.environ, "MAILKEEP_DATA": str(self.directory / "data")}
        done = subprocess.run([self.program, *arguments], input=input, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout


class Copies:
    """Makes copies of a company in which nothing has been tried yet. They use one mail server's port: one at a time."""

    def __init__(self, folder, program, demo=DEMO, template=None):
        self.folder, self.program, self.demo = Path(folder), program, demo
        self.template = Path(template) if template else self.folder / "template"
        self.count = 0
        with Company(self.template, program, demo) as company:
            company.start()

    def copy(self):
        """A company that is started; to be used in a with statement."""
        self.count += 1
        directory = self.folder / f"company-{self.count}"
        subprocess.run(["cp", "-a", self.template, directory], check=True)
        return Company(directory, self.program, self.demo).start()


class EmptyServer:
    """A server on a directory in which nothing is yet, in a with statement."""

    def __init__(self, directory, program, language):
        self.port, self.log = free_port(), Path(directory) / "log"
        self.address = f"http://127.0.0.1:{self.port}"
        environment = {**os.environ, "MAILKEEP_DATA": str(Path(directory) / "data"), "LC_ALL": f"{language}_JP.UTF-8"}
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen([program, "serve", "--host", "127.0.0.1", "--port", str(self.port)],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        self.visitor = None
        try:
            self.link = wait_until(self.printed_link, what="the link for setting up")
            self.visitor = Person(self.address, language)
        except BaseException:
            self.stop()
            raise

    def printed_link(self):
        """The link for setting up, once it is printed."""
        assert self.process.poll() is None, self.log.read_text()
        found = re.search(rf"{self.address}/setup\?token=\S+", self.log.read_text())
        return found and found[0]

    def stop(self):
        if self.visitor:
            self.visitor.leave()
        self.process.terminate()
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def folder():
    """A temporary folder that the mail server's user may enter."""
    made = tempfile.TemporaryDirectory(prefix="mailkeep-browser.")
    os.chmod(made.name, 0o711)
    return made
