"""A mail provider: people sign in on its pages, and its OAuth 2.0 server gives tokens and vouches for them.

The server's protocol is oauthlib's; what is here are its pages and what it remembers.
"""

import html
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from oauthlib.oauth2 import OAuth2Error, RequestValidator, WebApplicationServer

# It is reached on this machine alone.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
CLIENT, SECRET, SCOPE = "mailkeep-client", "mailkeep-client-secret", "https://mail.google.com/"


class Memory(RequestValidator):
    """Codes and tokens, and whose they are."""

    def __init__(self):
        self.codes, self.access, self.refresh = {}, {}, {}
        self.redirects = set()

    def revoke_all(self):
        """What somebody does who signs all programs out on the provider's pages."""
        self.access.clear()
        self.refresh.clear()

    def validate_client_id(self, client_id, request, *_, **__):
        return client_id == CLIENT

    def validate_redirect_uri(self, client_id, redirect_uri, request, *_, **__):
        return redirect_uri in self.redirects

    def validate_response_type(self, client_id, response_type, client, request, *_, **__):
        return response_type == "code"

    def validate_scopes(self, client_id, scopes, client, request, *_, **__):
        return scopes == [SCOPE]

    def get_default_scopes(self, client_id, request, *_, **__):
        return [SCOPE]

    def is_pkce_required(self, client_id, request):
        return True

    def save_authorization_code(self, client_id, code, request, *_, **__):
        self.codes[code["code"]] = {"email": request.email, "redirect": request.redirect_uri,
                                    "challenge": request.code_challenge, "method": request.code_challenge_method}

    def get_code_challenge(self, code, request):
        return self.codes[code]["challenge"]

    def get_code_challenge_method(self, code, request):
        return self.codes[code]["method"]

    def authenticate_client(self, request, *_, **__):
        request.client = type("Client", (), {"client_id": request.client_id})()
        return request.client_id == CLIENT and request.client_secret == SECRET

    def validate_grant_type(self, client_id, grant_type, client, request, *_, **__):
        return grant_type in ("authorization_code", "refresh_token")

    def validate_code(self, client_id, code, client, request, *_, **__):
        found = self.codes.get(code)
        request.email, request.scopes = found and found["email"], [SCOPE]
        return found is not None and found["method"] == "S256"

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, request, *_, **__):
        return self.codes[code]["redirect"] == redirect_uri

    def invalidate_authorization_code(self, client_id, code, request, *_, **__):
        del self.codes[code]

    def validate_refresh_token(self, refresh_token, client, request, *_, **__):
        request.email = self.refresh.get(refresh_token)
        return request.email is not None

    def get_original_scopes(self, refresh_token, request, *_, **__):
        return [SCOPE]

    def rotate_refresh_token(self, request):
        return True

    def save_bearer_token(self, token, request, *_, **__):
        self.access[token["access_token"]] = request.email
        if request.refresh_token:
            self.refresh.pop(request.refresh_token, None)
        if "refresh_token" in token:
            self.refresh[token["refresh_token"]] = request.email


PAGE = """<!doctype html><html lang="en"><title>Provider</title><h1>Sign in</h1>
<form method="post"><label>Address <input name="email" value="{email}"></label>
<button name="answer" value="allow">Allow</button> <button name="answer" value="deny">Deny</button></form></html>"""


class Provider:
    """A running provider, in a with statement."""

    def __init__(self, port):
        self.port, self.memory = port, Memory()
        self.oauth = WebApplicationServer(self.memory)
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.get(self, urlsplit(self.path))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
                provider.post(self, urlsplit(self.path), body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def answer(request, status, body, headers=()):
        body = (body or "").encode()
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **dict(headers)}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def get(self, request, url):
        query = parse_qs(url.query)
        if url.path == "/tokeninfo":
            email = self.memory.access.get(query.get("access_token", [""])[0])
            status, body = (200, {"email": email}) if email else (400, {"error": "invalid_token"})
            return self.answer(request, status, json.dumps(body), {"Content-Type": "application/json"})
        if url.path == "/authorize":
            # Providers send people on to other hosts of theirs.
            where = f"http://localhost:{self.port}/signin?{url.query}"
            return self.answer(request, 302, "", {"Location": where})
        if url.path == "/signin":
            try:
                self.oauth.validate_authorization_request(f"{self.address}/authorize?{url.query}", "GET")
            except OAuth2Error as error:
                return self.answer(request, 400, f"{error}")
            page = PAGE.format(email=html.escape(query.get("login_hint", [""])[0]))
            return self.answer(request, 200, page, {"Content-Type": "text/html; charset=utf-8"})
        return self.answer(request, 404, "")

    def post(self, request, url, body):
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if url.path == "/token":
            headers, text, status = self.oauth.create_token_response(
                f"{self.address}/token", "POST", body, {"Content-Type": "application/x-www-form-urlencoded"})
            return self.answer(request, status, text, headers)
        asked = f"{self.address}/authorize?{url.query}"
        if form.get("answer") != "allow":
            query = parse_qs(url.query)
            where = f"{query['redirect_uri'][0]}?error=access_denied&state={query['state'][0]}"
            return self.answer(request, 302, "", {"Location": where})
        headers, text, status = self.oauth.create_authorization_response(
            asked, "GET", scopes=[SCOPE], credentials={"email": form["email"]})
        return self.answer(request, status, text, headers)
