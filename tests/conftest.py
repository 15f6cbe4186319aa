"""What every test can ask for. The peers (server, worker) are described in peers/fixtures.py."""

pytest_plugins = ["peers.fixtures", "peers.display"]
