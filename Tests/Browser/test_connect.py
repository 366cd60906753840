"""`connect zoho` against a second Mailkeep: everything at first, then what has changed, and on from where it was broken off."""

import contextlib
import json
import signal
import sqlite3
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from api import Client

ADMINISTRATOR = "takahashi@sakura.example"
PASSWORD = "hanami-2026-sakura"


class Other:
    """A Mailkeep that keeps in step with the company."""

    def __init__(self, folder, program, company):
        self.folder, self.program, self.company = folder, program, company
        self.run("init", "--organization", "Spiegel", "--admin-email", "root@spiegel.example", "--admin-name", "Root",
                 "--password-stdin", input=PASSWORD + "\n")

    def command(self, *arguments):
        return [self.program, *arguments, "--data", str(self.folder)]

    def run(self, *arguments, input=None):
        return subprocess.run(self.command(*arguments), input=input, capture_output=True, text=True)

    def ask(self, *arguments, input=None):
        done = self.run(*arguments, "--as", "root@spiegel.example", "--json", input=input)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def connect(self, *options):
        secrets = Client(self.company, ADMINISTRATOR).secrets
        return self.ask(
            "connect", "zoho", "--api-domain", self.company.address, "--client-id", secrets["client_id"],
            "--secrets-stdin", *options, input=f"{secrets['client_secret']}\n{secrets['refresh_token']}\n"
        )["connection"][0]

    def read(self):
        return self.ask("connect", "zoho")["connection"][0]

    def records(self, module):
        """The records of a module as they are stored, by id."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/mailkeep.sqlite?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            found = {}
            for row in database.execute(
                    "SELECT record.*, owner.email AS owner, account.id AS account FROM record"
                    " JOIN user AS owner ON owner.id = record.owner_id"
                    " LEFT JOIN record AS account ON account.key = record.account_key"
                    " WHERE record.module = ? ORDER BY record.id", [module]):
                of_record = lambda query: [each[0] for each in database.execute(query, [row["key"]])]
                assert row["id"] not in found
                found[row["id"]] = {
                    "name": row["name"], "owner": row["owner"], "account": row["account"],
                    "addresses": of_record("SELECT address FROM record_address WHERE record_key = ? ORDER BY position"),
                    "shares": of_record("SELECT email FROM record_share JOIN user ON user.id = user_id"
                                        " WHERE record_key = ?")}
            return found


@pytest.fixture(scope="module")
def other(company, program, tmp_path_factory):
    return Other(tmp_path_factory.mktemp("other") / "data", program, company)


@pytest.fixture(scope="module")
def administrator(company):
    return Client(company, ADMINISTRATOR)


def everything(client, module):
    found, token = [], None
    while True:
        answer = client.get(f"/{module}" + (f"?page_token={token}" if token else ""))
        if answer.status_code == 204:
            return found
        document = answer.json()
        found += document["data"]
        token = document["info"].get("next_page_token")
        if not token:
            return found


def test_everything_at_first(other, administrator):
    run = other.connect()
    assert run["users"] == 8 and run["roles"] == 4 and "read_since" not in run and not run["skipped"], run
    for module in ["Leads", "Contacts", "Accounts", "Deals"]:
        assert run["records"].get(module, 0) == len(everything(administrator, module)), module
    users = {each["email"]: each for each in other.ask("user", "list")["users"]}
    assert users["watanabe@sakura.example"]["status"] == "disabled"
    assert users[ADMINISTRATOR]["profile"]["name"] == "Administrator"
    assert users["ito@sakura.example"]["role"]["name"] == "営業部長"
    assert other.records("Contacts")[101] == {
        "name": "佐藤 健", "owner": "yamada@sakura.example", "account": 301, "shares": ["tanaka@sakura.example"],
        "addresses": ["sato@aoi.example", "k.sato@aoi.example"]}


def test_what_has_changed_since(other, administrator):
    run = other.read()
    assert run["read_since"] and run["deleted"] == 0
    carter = administrator.user_id("carter")
    new = administrator.post("/Contacts", {"data": [{"Last_Name": "新", "Email": "shin@kunde.example"}]})
    id = new.json()["data"][0]["details"]["id"]
    try:
        assert administrator.put(f"/users/{carter}", {"users": [{"status": "inactive"}]}).status_code == 200
        run = other.read()
        assert run["records"]["Contacts"] >= 1
        assert other.records("Contacts")[int(id)]["addresses"] == ["shin@kunde.example"]
        users = {each["email"]: each for each in other.ask("user", "list")["users"]}
        assert users["carter@sakura.example"]["status"] == "disabled"
        administrator.ask("DELETE", f"/Contacts/{id}")
        assert other.read()["deleted"] == 1
        assert int(id) not in other.records("Contacts")
    finally:
        administrator.put(f"/users/{carter}", {"users": [{"status": "active"}]})


def test_killed_in_the_middle_it_goes_on(company, program, tmp_path, administrator):
    """At whatever moment it is killed: in the end everything is there, once."""
    data = [{"Last_Name": f"Kunde {number}", "Email": f"kunde{number}@kunde.example"} for number in range(1500)]
    ids = []
    for start in range(0, len(data), 100):
        answer = administrator.post("/Leads", {"data": data[start:start + 100]})
        assert answer.status_code == 201
        ids += [each["details"]["id"] for each in answer.json()["data"]]
    other = Other(tmp_path / "data", program, company)
    secrets = Client(company, ADMINISTRATOR).secrets
    settings = ["--api-domain", company.address, "--client-id", secrets["client_id"], "--secrets-stdin"]
    unfinished = 0
    for attempt in range(12):
        process = subprocess.Popen(
            other.command("connect", "zoho", *(settings if attempt == 0 else []), "--as", "root@spiegel.example"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        process.stdin.write(f"{secrets['client_secret']}\n{secrets['refresh_token']}\n")
        process.stdin.close()
        try:
            process.wait(0.4 + 0.15 * attempt)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        shown = other.ask("connect", "show")["connection"]
        unfinished += bool(shown and shown[0]["is_unfinished"])
    assert unfinished, "it was never killed in the middle"
    run = other.read()
    assert run["records"].get("Leads", 0) <= len(everything(administrator, "Leads"))
    assert {int(id) for id in ids} <= set(other.records("Leads"))
    for start in range(0, len(ids), 100):
        administrator.ask("DELETE", f"/Leads?ids={','.join(ids[start:start + 100])}")


def test_a_backup_for_who_leaves_there(company, other, administrator):
    """With --back-up-leavers a backup is asked for, and what the rules say to it is told."""
    other.connect("--back-up-leavers")
    yamada = administrator.user_id("ogawa")
    administrator.put(f"/users/{yamada}", {"users": [{"status": "inactive"}]})
    try:
        run = other.read()
        assert run["backups"] == 0
        assert [each["reason"] for each in run["skipped"]] == ["B5"], run
    finally:
        administrator.put(f"/users/{yamada}", {"users": [{"status": "active"}]})


def test_a_revoked_client_is_told(company, program, tmp_path):
    other = Other(tmp_path / "data", program, company)
    secrets = Client(company, ADMINISTRATOR).secrets
    company.shell("token", "revoke", secrets["client_id"], "--as", ADMINISTRATOR)
    done = other.run(
        "connect", "zoho", "--api-domain", company.address, "--client-id", secrets["client_id"], "--secrets-stdin",
        "--as", "root@spiegel.example", input=f"{secrets['client_secret']}\n{secrets['refresh_token']}\n")
    assert done.returncode == 1 and secrets["refresh_token"] not in done.stdout + done.stderr
    assert "connect" in done.stderr
    shown = other.ask("connect", "show")["connection"][0]
    assert shown["last_error"] and secrets["refresh_token"] not in json.dumps(shown)
    assert other.ask("connect", "remove")["connection"][0]["status"] == "success"
    assert other.ask("connect", "show")["connection"] == []


class Stub:
    """A CRM that answers what it is told to: by what a path begins with, a status and a document."""

    def __init__(self):
        self.answers, self.asked = {}, []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(200, {"access_token": "a", "expires_in": 3600, "token_type": "Bearer"})

            def do_GET(self):
                path = self.path.removeprefix("/crm/v8/")
                stub.asked.append(path)
                found = next((stub.answers[each] for each in stub.answers if path.startswith(each)), (204, None))
                # What lies far from our own clock is not believed.
                self.date_time_string = lambda *_: "Fri, 31 Dec 9999 23:59:59 GMT"
                self.answer(*found) if found[0] != 204 else (self.send_response(204), self.end_headers())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_what_ends_or_goes_there_stops_no_later_run(company, program, tmp_path):
    """A page token that has ended, a record that is gone before it could be stored, and a clock that is far off."""
    stub, other = Stub(), Other(tmp_path / "data", program, company)
    contact = lambda id, owner: {"id": id, "Full_Name": f"Kunde {id}", "Owner": {"id": "1", "email": owner}}
    known, unknown = "u@x.example", "nobody@x.example"
    original = {
        "users": (200, {"users": [{"id": "1", "email": known, "full_name": "U", "status": "active"}]}),
        "Contacts?fields=Owner": (200, {"data": [contact("1", known)], "info": {
            "more_records": True, "next_page_token": "t1"}})}

    class Answers(dict):
        """The page behind the token is answered by what the test says."""

        behind = (418, {})

        def __iter__(self):
            return iter(original)

        def __getitem__(self, key):
            return self.behind if "page_token=t1" in stub.asked[-1] else original[key]

    stub.answers = Answers()
    options = ["--api-domain", stub.address, "--client-id", "c", "--secrets-stdin"]
    broken = other.run("connect", "zoho", *options, "--as", "root@spiegel.example", input="s\nr\n")
    assert broken.returncode == 1 and set(other.records("Contacts")) == {1}
    # The token has ended meanwhile: what stands before it is read again.
    Answers.behind = (400, {"code": "INVALID_DATA"})
    original["Contacts?fields=Owner"] = (200, {"data": [contact("1", known), contact("2", unknown)]})
    run = other.read()
    assert "read_since" not in run and set(other.records("Contacts")) == {1}
    assert [each["what"] for each in run["skipped"]] == ["Contacts/2"]
    # What was left is asked for again, and may be gone.
    original["Contacts/2"] = (404, {"code": "INVALID_DATA"})
    del original["Contacts?fields=Owner"]
    stub.asked.clear()
    run = other.read()
    assert any(each.startswith("Contacts/2?") for each in stub.asked) and run["skipped_count"] == 0
    assert run["read_since"] < "2100"
    stub.server.shutdown()
