"""`connect zoho` against a second Mailkeep: everything at first, then what has changed, and on from where it was broken off."""

import contextlib
import json
import re
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
    unfinished, shown = 0, []
    for attempt in range(40):
        process = subprocess.Popen(
            other.command("connect", "zoho", *([] if shown else settings), "--as", "root@spiegel.example"),
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
        with contextlib.closing(sqlite3.connect(f"{other.folder}/mailkeep.sqlite")) as database:
            told = "SELECT reason FROM event JOIN delivery ON event_id = event.id WHERE type = 'user.not_backed_up'"
            assert set(database.execute(told)) == {("B5",)}
    finally:
        administrator.put(f"/users/{yamada}", {"users": [{"status": "active"}]})


def test_a_revoked_client_is_told(company, program, tmp_path):
    other = Other(tmp_path / "data", program, company)
    secrets = Client(company, ADMINISTRATOR).secrets
    connect = lambda: other.run(
        "connect", "zoho", "--api-domain", company.address, "--client-id", secrets["client_id"], "--secrets-stdin",
        "--as", "root@spiegel.example", input=f"{secrets['client_secret']}\n{secrets['refresh_token']}\n")
    assert connect().returncode == 0
    company.shell("token", "revoke", secrets["client_id"], "--as", ADMINISTRATOR)
    # What is not let in is not saved.
    before = other.ask("connect", "show")
    done = connect()
    assert done.returncode == 1 and secrets["refresh_token"] not in done.stdout + done.stderr
    assert "connect" in done.stderr
    assert other.ask("connect", "show") == before
    assert other.run("connect", "zoho", "--as", "root@spiegel.example").returncode == 1
    shown = other.ask("connect", "show")["connection"][0]
    assert shown["last_error"] and secrets["refresh_token"] not in json.dumps(shown)
    assert shown["attention"] == "refused"
    assert other.ask("connect", "remove")["connection"][0]["status"] == "success"
    assert other.ask("connect", "show")["connection"] == []


class Stub:
    """A CRM that answers what it is told to: a status and a document for a path; 204 where it is told nothing."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def date_time_string(self, *_):
                # What lies far from our own clock is not believed.
                return "Fri, 31 Dec 9999 23:59:59 GMT"

            def send(self, status, document):
                body = b"" if status == 204 else json.dumps(document).encode()
                self.send_response(status)
                if body:
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send(200, {"access_token": "a", "expires_in": 3600, "token_type": "Bearer"})

            def do_GET(self):
                path = self.path.removeprefix("/crm/v8/")
                stub.asked.append((path, self.headers["If-Modified-Since"]))
                self.send(*(stub.answer(path) or (204, None)))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def paths(self):
        return [path for path, _ in self.asked]


KNOWN, UNKNOWN = "u@x.example", "nobody@x.example"
OPTIONS = "--client-id", "c", "--secrets-stdin"


def of_users(*users):
    return 200, {"users": [{"id": str(n), "email": email, "full_name": f"U{n}", **more}
                           for n, (email, more) in enumerate(users, 1)]}


def contact(id, owner=KNOWN, **more):
    return {"id": id, "Full_Name": f"Kunde {id}", "Owner": {"id": "1", "email": owner}, **more}


def page(data, token=None):
    return 200, {"data": data, "info": {"more_records": token is not None, "next_page_token": token}}


@pytest.fixture
def mirror(company, program, tmp_path):
    """A Mailkeep beside a CRM whose answers a test gives; the function that makes it takes them."""
    stubs = []

    def make(answer):
        stub, other = Stub(answer), Other(tmp_path / "data", program, company)
        stubs.append(stub)
        other.connect = lambda: other.run("connect", "zoho", "--api-domain", stub.address, *OPTIONS,
                                          "--as", "root@spiegel.example", "--json", input="s\nr\n")
        return stub, other

    yield make
    for stub in stubs:
        stub.server.shutdown()


def test_what_ends_or_goes_there_stops_no_later_run(mirror):
    """A page token that has ended, a record that is gone before it could be stored, and a clock that is far off."""
    first, behind, single = page([contact("1")], "t1"), (418, {}), None

    def answer(path):
        if path.startswith("users"):
            return of_users((KNOWN, {"status": "active"}))
        if path.startswith("Contacts?"):
            return single if "ids=2&" in path else behind if "page_token=t1" in path else first
        return None

    stub, other = mirror(answer)
    assert other.connect().returncode == 1 and set(other.records("Contacts")) == {1}
    # The token has ended meanwhile: what stands before it is read again.
    behind, first = (400, {"code": "INVALID_DATA"}), page([contact("1"), contact("2", UNKNOWN)])
    run = other.read()
    assert "read_since" not in run and set(other.records("Contacts")) == {1}
    assert [each["what"] for each in run["skipped"]] == ["Contacts/2"]
    # What was left is asked for again, and may be gone.
    first = None
    stub.asked.clear()
    run = other.read()
    assert any("ids=2&" in each for each in stub.paths()) and run["skipped_count"] == 0
    assert run["read_since"] < "2100"


def test_what_a_run_could_not_store_before_it_broke_off_is_asked_for_again(mirror):
    deals, nine = (500, {}), None

    def answer(path):
        if path.startswith("users"):
            return of_users((KNOWN, {"status": "active"}))
        if path.startswith("Contacts?"):
            if "ids=9&" in path:
                return nine
            return page([]) if "page_token=t1" in path else page([contact("1"), contact("9", UNKNOWN)], "t1")
        return deals if path.startswith("Deals?") else None

    stub, other = mirror(answer)
    health = lambda: {each["check"]: each for each in json.loads(other.run("doctor", "--json").stdout)["doctor"]["checks"]}
    for failures in range(1, 4):
        # Refused for good, so that nothing is asked twice within a run.
        deals = (400, {})
        broken = other.connect() if failures == 1 else other.run("connect", "zoho", "--as", "root@spiegel.example")
        assert broken.returncode == 1 and set(other.records("Contacts")) == {1}
        # What may pass by itself is a person's business after the third time.
        assert other.ask("connect", "show")["connection"][0].get("attention") == (None if failures < 3 else "failing")
        assert health()["connection"]["status"] == ("ok" if failures < 3 else "failed")
    deals, nine = None, None
    other.read()
    assert health()["connection"]["status"] == "ok"
    nine = page([contact("9")])
    other.read()
    assert set(other.records("Contacts")) == {1, 9}


def test_what_was_deleted_there_goes_page_by_page(mirror):
    """More than a page of deleted records, by tokens; a second page is the last of all."""
    leads, gone = [contact(str(n), Last_Name="L") for n in range(1, 4)], []

    def answer(path):
        if path.startswith("users"):
            return of_users((KNOWN, {"status": "active"}))
        if path.startswith("Leads?"):
            return page(leads)
        if path.startswith("Leads/deleted"):
            return page([{"id": id} for id in gone[1:]]) if "page_token=t1" in path else page(
                [{"id": id} for id in gone[:1]], "t1")
        return None

    stub, other = mirror(answer)
    assert other.connect().returncode == 0 and set(other.records("Leads")) == {1, 2, 3}
    leads, gone = [], ["1", "2"]
    assert other.read()["deleted"] == 2 and set(other.records("Leads")) == {3}
    other.read()
    # With a new client nothing of what was deleted meanwhile is missed.
    gone = ["3", "2"]
    stub.asked.clear()
    done = other.run("connect", "zoho", "--api-domain", stub.address, "--client-id", "d", "--secrets-stdin",
                     "--as", "root@spiegel.example", "--json", input="s\nr\n")
    assert json.loads(done.stdout)["connection"][0]["deleted"] == 1 and not other.records("Leads")
    assert not any(since for path, since in stub.asked if path.startswith("Leads"))


def test_what_a_hold_keeps_goes_once_it_is_lifted(mirror):
    leads, gone = [contact("1", Last_Name="L")], []

    def answer(path):
        if path.startswith("users"):
            return of_users((KNOWN, {"status": "active"}))
        return page(leads) if path.startswith("Leads?") else page(gone) if path.startswith("Leads/deleted") else None

    stub, other = mirror(answer)
    other.connect()
    hold = other.ask("hold", "place", "--organization", "--reason", "A trial")
    leads, gone = [], [{"id": "1"}]
    run = other.read()
    assert run["deleted"] == 0 and [each["reason"] for each in run["skipped"]] == ["R1"]
    gone = []
    assert other.read()["skipped_count"] == 1 and set(other.records("Leads")) == {1}
    other.ask("hold", "lift", hold["holds"][0]["details"]["id"], "--reason", "It ended")
    assert other.read()["deleted"] == 1 and not other.records("Leads")


def test_however_much_cannot_be_stored_changes_and_deletions_arrive(mirror):
    """Of what cannot be stored the first hundred are asked for again, and all is read anew after a day."""
    many = [contact(str(n), UNKNOWN) for n in range(1, 151)]
    ids = lambda path: re.search("ids=([0-9%C,]*)", path)
    contacts, gone = many + [contact("500"), contact("501")], []

    def answer(path):
        if path.startswith("users"):
            return of_users((KNOWN, {"status": "active"}))
        if path.startswith("Contacts?"):
            asked = re.findall("[0-9]+", ids(path)[1].replace("%2C", ",")) if ids(path) else None
            return page([each for each in (many if asked else contacts) if not asked or each["id"] in asked])
        return page(gone) if path.startswith("Contacts/deleted") else None

    stub, other = mirror(answer)
    assert json.loads(other.connect().stdout)["connection"][0]["skipped_count"] == 150
    contacts, gone = [], [{"id": "500"}]
    stub.asked.clear()
    run = other.read()
    assert run["deleted"] == 1 and "read_since" in run and set(other.records("Contacts")) == {501}
    assert len([each for each in stub.paths() if ids(each)]) == 1 and run["skipped_count"] == 100
    assert all(since for path, since in stub.asked if path.startswith("Contacts?") and not ids(path))
    with contextlib.closing(sqlite3.connect(f"{other.folder}/mailkeep.sqlite")) as database:
        database.execute("UPDATE connection SET reread_at = reread_at - 86400000")
        database.commit()
    for _ in range(2):
        # What cannot be stored then either is read anew after another day.
        contacts = many
        stub.asked.clear()
        assert "read_since" not in other.read()
        assert not any(since for path, since in stub.asked if path.startswith("Contacts?"))
        contacts = []
        assert "read_since" in other.read()
        with contextlib.closing(sqlite3.connect(f"{other.folder}/mailkeep.sqlite")) as database:
            assert database.execute("SELECT reread_at FROM connection").fetchone()[0]
            database.execute("UPDATE connection SET reread_at = reread_at - 86400000")
            database.commit()
    contacts = many = [contact(str(n)) for n in range(1, 151)]
    assert "read_since" not in other.read() and len(other.records("Contacts")) == 151
    stub.asked.clear()
    other.read()
    assert all(since for path, since in stub.asked if path.startswith("Contacts?"))


def test_what_it_does_not_tell_changes_nothing(mirror):
    """A user without a status is not deactivated, a record without an id is not stored, and no page is read twice."""
    users = (KNOWN, {"status": "active"}), ("v@x.example", {"status": "active"})
    contacts = page([contact("1"), {**contact("2"), "id": 2}, {"Full_Name": "None", "Owner": {"email": KNOWN}}])

    def answer(path):
        return of_users(*users) if path.startswith("users") else contacts if path.startswith("Contacts?") else None

    stub, other = mirror(answer)
    for _ in range(2):
        run = json.loads(other.connect().stdout)["connection"][0]
        assert run["skipped_count"] == 2 and set(other.records("Contacts")) == {1}
        users = (KNOWN, {}), ("v@x.example", {})
    listed = other.ask("user", "list")["users"]
    assert {each["status"] for each in listed} == {"active"} and len(listed) == 3
    contacts = page([contact("1")], "t")
    done = other.run("connect", "zoho", "--as", "root@spiegel.example")
    assert done.returncode == 1 and "the same page again" in done.stderr


def test_who_may_not_read_it_changes_nothing(mirror):
    stub, other = mirror(lambda path: of_users((KNOWN, {"status": "active"})) if path.startswith("users") else None)
    other.connect()
    before = other.ask("connect", "show")
    assert other.run("connect", "zoho", "--as", KNOWN).returncode == 77
    assert other.ask("connect", "show") == before
