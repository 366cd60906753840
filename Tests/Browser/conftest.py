from pathlib import Path

import company as companies
import pytest


def pytest_addoption(parser):
    group = parser.getgroup("Mailkeep")
    group.addoption("--program", required=False, help="the executable that is tested")
    group.addoption("--demo", default=companies.DEMO, help="what starts the sample company (dev/demo)")
    group.addoption("--company", help="a directory in which the sample company stays for the next run")
    group.addoption("--screenshots", help="a folder for pictures of the pages")


@pytest.fixture(scope="session")
def program(request):
    program = request.config.getoption("program")
    assert program, "--program is needed; dev/test-browser gives it"
    return str(Path(program).resolve())


@pytest.fixture(scope="session")
def folder():
    """A temporary folder for all that the tests make."""
    with companies.folder() as name:
        yield Path(name)


@pytest.fixture(scope="session")
def copies(request, folder, program):
    """Makes companies in which nothing has been tried yet."""
    options = request.config
    demo = Path(options.getoption("demo")).resolve()
    template = options.getoption("company")
    if template and hasattr(options, "workerinput"):
        template += "-" + options.workerinput["workerid"]  # One for each of the processes that test at once.
    return companies.Copies(folder, program, demo, template)


@pytest.fixture(scope="module")
def company(copies):
    """A company of a module's own; only one is there at a time."""
    with copies.copy() as company:
        yield company


@pytest.fixture(params=["ja", "en"], scope="module")
def language(request):
    return request.param
