"""Schemathesis over the OpenAPI document: whatever is asked, nothing breaks, and every answer is as the document says."""

import os

import pytest
import schemathesis
from api import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance, response_schema_conformance, status_code_conformance)

# How many requests are made up for each operation and kind of user; more of them by MAILKEEP_TEST_LONG.
EXAMPLES = 100 if os.environ.get("MAILKEEP_TEST_LONG") else 8
CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance, status_code_conformance]
# These end what the others need: the user's own token.
LEFT_OUT = {"/crm/v8/openapi.json"}


@pytest.fixture(scope="module")
def schema(company):
    return schemathesis.openapi.from_url(f"{company.address}/crm/v8/openapi.json")


@pytest.mark.parametrize("who", ["administrator", "standard", "nobody"])
def test_every_answer_is_as_the_document_says(company, schema, who):
    people = {"administrator": "takahashi@sakura.example", "standard": "tanaka@sakura.example"}
    headers = {}
    if who in people:
        headers["Authorization"] = f"Bearer {Client(company, people[who]).token}"
    failures = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in LEFT_OUT:
            continue
        failures += told(operation, headers)
    assert not failures, "\n\n".join(failures[:5])


def told(operation, headers):
    """What goes wrong with an operation."""
    found = []

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
              derandomize=True, suppress_health_check=list(HealthCheck))
    def ask(case):
        try:
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=60)
        except Exception as error:  # All of them are told together.
            found.append(f"{operation.method.upper()} {operation.path}: {error}")

    ask()
    return found[:1]
