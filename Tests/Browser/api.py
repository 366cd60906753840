"""A client of the REST API, made by the shell."""

import json

import requests


class Client:
    """Acts as a user of a company."""

    def __init__(self, company, email, scopes=()):
        self.company, self.email = company, email
        options = [option for scope in scopes for option in ("--scope", scope)]
        self.secrets = json.loads(company.shell("token", "create", "--as", email, "--json", *options))
        self.token = self.refresh()

    @property
    def base(self):
        return f"{self.company.address}/crm/v8"

    def refresh(self):
        """A new access token."""
        answer = requests.post(f"{self.company.address}/oauth/v2/token", timeout=30, data={
            "grant_type": "refresh_token", "client_id": self.secrets["client_id"],
            "client_secret": self.secrets["client_secret"], "refresh_token": self.secrets["refresh_token"]})
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document["api_domain"] == self.company.address and document["token_type"] == "Bearer"
        return document["access_token"]

    def ask(self, method, path, **options):
        headers = {"Authorization": f"Zoho-oauthtoken {self.token}", **options.pop("headers", {})}
        return requests.request(method, self.base + path, headers=headers, timeout=60, **options)

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, body=None, **options):
        # As the official SDK does it: JSON without a word on what it is.
        return self.ask("POST", path, data=None if body is None else json.dumps(body), **options)

    def put(self, path, body, **options):
        return self.ask("PUT", path, data=json.dumps(body), **options)

    def user_id(self, name):
        """The id of a user of the company."""
        users = self.get("/users").json()["users"]
        return next(user["id"] for user in users if user["email"].startswith(f"{name}@"))


def is_error(answer, status, code, **details):
    """Whether an answer is the API's one form of an error."""
    document = answer.json()
    assert sorted(document) == ["code", "details", "message", "status"], document
    assert (answer.status_code, document["code"], document["status"]) == (status, code, "error"), document
    for name, value in details.items():
        assert document["details"].get(name) == value, document
    assert document["message"]
    return True
