"""The REST API by hand: who may do what, and how it says so."""

import io
import itertools
import zipfile

import pytest
import requests
from api import Client, is_error
from company import wait_until

ADMINISTRATOR, STANDARD = "takahashi@sakura.example", "tanaka@sakura.example"


@pytest.fixture(scope="module")
def administrator(company):
    return Client(company, ADMINISTRATOR)


@pytest.fixture(scope="module")
def standard(company):
    return Client(company, STANDARD)


def operations(client):
    document = requests.get(f"{client.base}/openapi.json", timeout=30).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["security"]:
                yield method.upper(), path.removeprefix("/crm/v8"), operation["security"][0]["oauth"][0]


def filled(path, module="Contacts", id="999999999"):
    return path.replace("{module}", module).replace("{id}", id).replace("{message}", "999999999")


def test_without_a_token_nothing_is_answered(company, administrator):
    for method, path, _ in operations(administrator):
        for headers in [{}, {"Authorization": "Bearer AAAAAAAAAAAAAAAAAAAAAA"}, {"Authorization": "Basic eDp5"}]:
            answer = requests.request(method, administrator.base + filled(path), headers=headers, timeout=30)
            if answer.status_code == 429:  # Guessing tokens is slowed down, whatever is asked for.
                assert is_error(answer, 429, "TOO_MANY_REQUESTS") and int(answer.headers["Retry-After"]) > 0
                break
            assert is_error(answer, 401, "INVALID_TOKEN")
            assert answer.headers["Cache-Control"] == "no-store"


def test_scopes_limit_a_client(company):
    client = Client(company, ADMINISTRATOR, ["ZohoCRM.modules.contacts.READ"])
    assert client.get("/Contacts/101").status_code == 200
    for method, path in [
            ("GET", "/Leads"), ("GET", "/users"), ("POST", "/Contacts"), ("DELETE", "/Contacts?ids=101"),
            ("GET", "/Contacts/101/Emails"), ("GET", "/settings/mail_addon/users"), ("GET", "/files?id=1")]:
        assert is_error(client.ask(method, path), 401, "OAUTH_SCOPE_MISMATCH"), (method, path)
    for method, path, scope in operations(client):
        if scope not in ("ZohoCRM.modules.contacts.READ", "ZohoCRM.modules.{module}.READ"):
            assert is_error(client.ask(method, filled(path)), 401, "OAUTH_SCOPE_MISMATCH"), (method, path)


# What standard users may ask for; all else is for administrators (P1).
FOR_EVERYBODY = {
    ("GET", "/org"), ("GET", "/settings/modules"), ("GET", "/settings/modules/{module}"), ("GET", "/{module}"),
    ("GET", "/{module}/search"), ("GET", "/{module}/{id}"), ("GET", "/{module}/{id}/Emails"),
    ("GET", "/{module}/{id}/Emails/{message}"), ("GET", "/{module}/{id}/__emails_sharing_details"),
    ("POST", "/{module}/{id}/actions/share_emails"), ("POST", "/{module}/{id}/actions/unshare_emails"),
    ("POST", "/{module}/actions/share_emails"), ("POST", "/{module}/actions/unshare_emails"),
    ("GET", "/{module}/{id}/Emails/actions/download_attachments"),
    ("GET", "/{module}/{id}/Emails/actions/download_inline_images"), ("GET", "/files"),
    ("GET", "/settings/fields"), ("GET", "/settings/mail_addon/configuration"),
    ("PUT", "/settings/mail_addon/configuration"), ("POST", "/settings/mail_addon/configuration/actions/test"),
}
BODIES = {
    "/users": {"users": [{"email": "a@sakura.example", "last_name": "A", "id": "1"}]},
    "/users/{id}": {"users": [{"last_name": "A"}]},
    "/{module}": {"data": [{"Last_Name": "A", "id": "101"}]}, "/{module}/upsert": {"data": [{"Last_Name": "A"}]},
    "/{module}/{id}": {"data": [{"Last_Name": "A"}]},
    "/settings/mail_addon/actions/latest_backup": {"ids": ["8"]},
    "/settings/mail_addon/users/{id}/backup_source": {"username": "a", "password": "b"},
}
QUERIES = {("DELETE", "/{module}"): "?ids=101"}


def test_what_is_for_administrators_is_refused_to_others(administrator, standard):
    """Each as a whole or thing by thing, and nothing has changed but the audit log."""
    before = administrator.get("/Contacts/101").content, administrator.get("/users").content
    for method, path, _ in operations(standard):
        if (method, path) in FOR_EVERYBODY:
            continue
        for id in ["1", "6", "101", "999999999"]:
            if path == "/users/{id}" and id == "6":  # Tanaka's own entry.
                continue
            address = filled(path, id=id) + QUERIES.get((method, path), "")
            answer = standard.ask(method, address, json=BODIES.get(path))
            assert answer.status_code == 403, (method, address, answer.text)
            document = answer.json()
            told = [document] if "code" in document else next(iter(document.values()))
            assert [(each["code"], each["details"]["rule"]) for each in told] == [("NOT_ALLOWED", "P1")], document
    assert (administrator.get("/Contacts/101").content, administrator.get("/users").content) == before


def test_what_is_absent_and_what_may_not_be_seen_look_alike(company, administrator):
    """To the byte, by every route, in paths and in bodies (V1)."""
    carter = Client(company, "carter@sakura.example")
    message = Client(company, STANDARD).get("/Contacts/101/Emails").json()["Emails"][0]["message_id"]
    for path in [
            "/Contacts/{id}", "/Contacts/{id}/Emails", "/Contacts/{id}/Emails/" + message,
            "/Contacts/{id}/__emails_sharing_details", "/files?id=Contacts-{id}-" + message + "-1",
            "/Contacts/{id}/Emails/actions/download_attachments?id=Contacts-{id}-" + message + "-1"]:
        hidden, absent = (carter.get(path.replace("{id}", id)) for id in ["101", "999999999"])
        assert is_error(hidden, 404, "INVALID_DATA", rule="V1"), path
        assert hidden.content == absent.content, path
        kept = [name for name in hidden.headers if name not in ("Date", "X-RateLimit-Remaining", "X-RateLimit-Reset")]
        assert {name: hidden.headers[name] for name in kept} == {
            name: absent.headers[name] for name in kept}, path
    for path in ["/Contacts/{id}/actions/share_emails", "/Contacts/{id}/actions/unshare_emails"]:
        hidden, absent = (carter.post(path.replace("{id}", id)) for id in ["101", "999999999"])
        assert hidden.status_code == 404 and hidden.content == absent.content, path
    hidden, absent = (carter.post("/Contacts/actions/share_emails", {"ids": [id]}) for id in ["101", "999999999"])
    assert hidden.status_code == 404 and hidden.content == absent.content
    assert carter.get("/Contacts/search?email=sato@aoi.example").status_code == 204
    assert carter.get("/Contacts/search?word=sato").status_code == 204


def test_a_deactivated_users_token_dies_at_once(company, administrator):
    client = Client(company, "ito@sakura.example")
    assert client.get("/users?type=CurrentUser").status_code == 200
    ito = administrator.user_id("ito")
    assert administrator.put(f"/users/{ito}", {"users": [{"status": "inactive"}]}).status_code == 200
    assert is_error(client.get("/users?type=CurrentUser"), 401, "INVALID_TOKEN")
    assert administrator.put(f"/users/{ito}", {"users": [{"status": "active"}]}).status_code == 200
    assert is_error(client.get("/users?type=CurrentUser"), 401, "INVALID_TOKEN")
    with pytest.raises(AssertionError):
        client.refresh()


def test_a_revoked_client_is_out_at_once(company, administrator):
    client = Client(company, STANDARD)
    assert client.get("/org").status_code == 200
    company.shell("token", "revoke", client.secrets["client_id"], "--as", STANDARD)
    assert is_error(client.get("/org"), 401, "INVALID_TOKEN")


def test_secrets_are_kept_as_hashes_only(company, administrator):
    secrets = [administrator.token, administrator.secrets["client_secret"], administrator.secrets["refresh_token"]]
    for file in (company.directory / "data").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), file


def test_refusals_name_their_rule(administrator):
    """Each with its status: 403 where it is about who asks, else 400; in the language of the token's user."""
    me, carter = administrator.user_id("takahashi"), administrator.user_id("carter")
    addon = "/settings/mail_addon/users"
    assert is_error(administrator.post(f"{addon}/{carter}/actions/lock"), 400, "NOT_ALLOWED", rule="L5")
    assert is_error(administrator.post(f"{addon}/{carter}/actions/backup"), 400, "NOT_ALLOWED", rule="B5")
    assert "ロック" in administrator.post(f"{addon}/{carter}/actions/lock").json()["message"]
    answer = administrator.put(f"/users/{me}", {"users": [{"status": "inactive"}]})
    assert answer.status_code == 400
    assert answer.json()["users"][0]["details"] == {"reason": "self", "rule": "U2"}
    assert is_error(administrator.post(f"{addon}/999999/actions/lock"), 404, "INVALID_DATA", reason="no_user")


def test_bad_requests_say_where(administrator):
    assert is_error(administrator.post("/Contacts", None), 400, "INVALID_DATA")
    for body in ["", "[]", "{", "null", '{"data":', b"\xff\xfe", "[" * 100_000]:
        assert is_error(administrator.ask("POST", "/Contacts", data=body), 400, "INVALID_DATA"), body[:20]
    assert is_error(administrator.post("/Contacts", {}), 400, "MANDATORY_NOT_FOUND", json_path="$.data")
    answer = administrator.post("/Contacts", {"data": [{"Email": "a@kunde.example"}, {"Last_Name": "A", "Email": "?"}]})
    assert answer.status_code == 400
    first, second = answer.json()["data"]
    assert first["code"] == "MANDATORY_NOT_FOUND" and first["details"]["json_path"] == "$.data[0].Last_Name"
    assert second["code"] == "INVALID_DATA" and second["details"]["json_path"] == "$.data[1].Email"
    assert is_error(administrator.post("/Contacts", {"data": [{}] * 101}), 400, "INVALID_DATA")
    assert is_error(administrator.ask("POST", "/Contacts", data=b" " * (9 << 20)), 413, "INVALID_DATA")
    assert is_error(administrator.get("/users?per_page=201"), 400, "INVALID_DATA", api_name="per_page")
    assert is_error(administrator.get("/users?type=Nobody"), 400, "INVALID_DATA", api_name="type")
    assert is_error(administrator.get("/Nothing"), 404, "INVALID_URL_PATTERN")
    assert is_error(administrator.get("/a/b/c/d/e"), 404, "INVALID_URL_PATTERN")
    answer = administrator.ask("PATCH", "/users")
    assert is_error(answer, 405, "INVALID_REQUEST_METHOD") and answer.headers["Allow"] == "GET, HEAD, POST, PUT"


def test_several_things_are_decided_one_by_one(administrator):
    answer = administrator.post("/Contacts", {"data": [{"Last_Name": "良", "Email": "ryo@kunde.example"}, {}]})
    assert answer.status_code == 207
    good, bad = answer.json()["data"]
    assert (good["status"], bad["status"]) == ("success", "error")
    assert administrator.ask("DELETE", f"/Contacts?ids={good['details']['id']}").status_code == 200


def test_lists_have_pages(administrator):
    seen = []
    for page in itertools.count(1):
        answer = administrator.get(f"/Contacts?per_page=7&page={page}")
        if answer.status_code == 204:
            break
        document = answer.json()
        assert document["info"]["page"] == page and document["info"]["count"] == len(document["data"])
        seen += [each["id"] for each in document["data"]]
        if not document["info"]["more_records"]:
            break
    token, tokened = None, []
    while True:
        document = administrator.get("/Contacts?per_page=7" + (f"&page_token={token}" if token else "")).json()
        tokened += [each["id"] for each in document["data"]]
        token = document["info"].get("next_page_token")
        if not token:
            break
    assert seen == tokened == sorted(set(seen), key=int) and len(seen) > 7


def test_what_was_changed_and_deleted_since(administrator):
    id = administrator.post("/Leads", {"data": [{"Last_Name": "新"}]}).json()["data"][0]["details"]["id"]
    since = {"If-Modified-Since": "2020-01-01T00:00:00+09:00"}
    assert id in [each["id"] for each in administrator.get("/Leads", headers=since).json()["data"]]
    later = {"If-Modified-Since": "2100-01-01T00:00:00+09:00"}
    assert administrator.get("/Leads", headers=later).status_code == 304
    administrator.ask("DELETE", f"/Leads/{id}")
    assert id in [each["id"] for each in administrator.get("/Leads/deleted", headers=since).json()["data"]]
    assert administrator.get("/Leads/deleted", headers=later).status_code == 204


def test_attachments_come_as_they_were_sent(company, standard):
    readable = [int(each["id"]) for each in standard.get("/Contacts").json()["data"]]
    for record, email in ((each, email) for each in readable for email in emails(standard, each)):
        if not email["has_attachment"]:
            continue
        whole = standard.get(f"/Contacts/{record}/Emails/{email['message_id']}").json()["Emails"][0]
        for attachment in whole["attachments"]:
            answer = standard.get(f"/files?id={attachment['id']}")
            assert answer.status_code == 200 and len(answer.content) == attachment["size"]
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            path = f"/Contacts/{record}/Emails/actions/download_attachments?id={attachment['id']}"
            assert standard.get(path).content == answer.content
        return
    raise AssertionError("nobody sent an attachment")


def emails(client, record):
    """All mail of a contact that somebody sees."""
    found, index = [], "0"
    while index:
        answer = client.get(f"/Contacts/{record}/Emails?index={index}")
        if answer.status_code != 200:
            break
        found += answer.json()["Emails"]
        index = answer.json()["info"].get("next_index")
    return found


def test_a_leavers_mail_is_backed_up(company, administrator, standard):
    """Deactivated with a backup in one request; the backup is completed, proved, and taken out."""
    yamada = administrator.user_id("yamada")
    assert administrator.post(f"/settings/mail_addon/users/{yamada}/actions/lock").status_code == 200
    before = {each["message_id"] for record in range(101, 104) for each in emails(standard, record)}
    answer = administrator.put(f"/users/{yamada}", {"users": [{"status": "inactive", "back_up": True}]})
    assert answer.status_code == 200
    backup = answer.json()["users"][0]["details"]["backup"]["id"]
    path = f"/settings/mail_addon/backups/{backup}"
    completed = wait_until(lambda: (shown := administrator.get(path).json()["backups"][0])["status"] in (
        "completed", "failed") and shown, what="the backup")
    assert completed["status"] == "completed" and completed["messages"] > 0 and completed["folders"]
    verified = administrator.post(f"{path}/actions/verify").json()["backups"][0]["details"]["verification"]
    assert verified["whole"] and verified["messages"] == completed["messages"]
    manifest = administrator.get(f"{path}/manifest")
    assert manifest.status_code == 200 and manifest.content.count(b'"sha256"') >= completed["messages"]
    exported = zipfile.ZipFile(io.BytesIO(administrator.get(f"{path}/export?format=eml_zip").content))
    assert sum(name.endswith(".eml") for name in exported.namelist()) >= completed["messages"]
    assert is_error(standard.get(path), 403, "NOT_ALLOWED", rule="P1")
    after = {each["message_id"]: each for record in range(101, 104) for each in emails(standard, record)}
    assert before <= set(after)
    assert "backup" in [each["visible_by"] for each in after.values()]
    shown = administrator.get(f"/settings/mail_addon/users/{yamada}").json()["mail_addon_users"][0]
    assert shown["backup"]["id"] == backup and "latest_backup" in shown["allowed_actions"]
    both = administrator.post("/settings/mail_addon/actions/latest_backup", {
        "ids": [yamada, administrator.user_id("carter")]})
    assert both.status_code == 207
    done, refused = both.json()["mail_addon_users"]
    assert done["details"]["backup"]["kind"] == "latest_backup" and refused["details"]["rule"] == "B5"
    entries = administrator.get("/settings/audit_log?action=user.deactivate&outcome=done").json()["audit_log"]
    assert entries[0]["user"]["id"] == yamada and entries[0]["origin"].startswith("api ")


def test_requests_are_counted(company, administrator):
    answer = administrator.get("/org")
    limit, left = (int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining"))
    assert limit == 6000 and 0 < left < limit and 0 < int(answer.headers["X-RateLimit-Reset"]) <= 60


def test_own_settings_are_their_owners(company):
    """Credentials are written and never read back; what is locked stays (L1, L2)."""
    owner = Client(company, "ogawa@sakura.example")
    shown = owner.get("/settings/mail_addon/configuration").json()["configuration"][0]
    assert shown["mailbox"]["sign_in"] == "password" and "hanami" not in str(shown)
    settings = {"mailbox": {name: shown["mailbox"][name] for name in ("account_type", "address")},
                "sharing": shown["sharing"]}
    saved = owner.put("/settings/mail_addon/configuration", settings)
    assert saved.status_code == 200 and saved.json()["configuration"][0]["mailbox"] == shown["mailbox"]
    tested = owner.post("/settings/mail_addon/configuration/actions/test")
    assert tested.status_code == 200 and tested.json()["configuration"][0]["details"]["folders"] > 0
    administrator = Client(company, ADMINISTRATOR)
    path = f"/settings/mail_addon/users/{administrator.user_id('ogawa')}/actions"
    assert administrator.post(f"{path}/lock").status_code == 200
    try:
        settings["sharing"] = "private"
        answer = owner.put("/settings/mail_addon/configuration", settings)
        assert is_error(answer, 400, "NOT_ALLOWED", rule="L2")
    finally:
        assert administrator.post(f"{path}/unlock").status_code == 200
