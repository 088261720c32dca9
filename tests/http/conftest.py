import pytest

from echo import ADMIN, EVENTS, READ, WRITE, Server


@pytest.fixture
def start():
    """Starts echo servers with the given arguments; each must end cleanly."""
    servers = []

    def starter(**arguments) -> Server:
        servers.append(Server(**arguments))
        return servers[-1]

    yield starter
    for server in servers:
        if server.process.returncode is None:
            server.stop()


@pytest.fixture(scope="module")
def server():
    one = Server(max_body=100000)
    yield one
    one.stop()


@pytest.fixture(scope="module")
def keyed():
    one = Server(key=[f"r:{READ}", f"e:{EVENTS}", f"w:{WRITE}", f"a:{ADMIN}"],
                 origins="https://shop.example,https://b.example")
    yield one
    one.stop()
