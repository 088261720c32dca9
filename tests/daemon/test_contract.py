"""Property-based: every built route of /openapi.json, no 5xx, no undocumented status, no breach of
schema (schemathesis)."""
import os

import schemathesis
from hypothesis import HealthCheck, Phase, settings
import pytest

from conftest import QUIET, Daemon, checkerboard, put_items

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "40"))


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    daemon = Daemon(tmp_path_factory.mktemp("contract") / "data", {**QUIET, "training.map": "20000"}).start()
    put_items(daemon, 40)
    daemon.post("/v1/interactions", checkerboard())
    daemon.train()
    yield daemon
    assert daemon.stop() == 0


@pytest.fixture(scope="session")
def contract(served):
    return schemathesis.openapi.from_url(served.url + "/openapi.json")


schema = schemathesis.pytest.from_fixture("contract")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True,
          suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
def test_every_route_keeps_the_contract(case):
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance, response_schema_conformance, status_code_conformance)
    case.call_and_validate(checks=[not_a_server_error, status_code_conformance,
                                   content_type_conformance, response_schema_conformance], timeout=30)
