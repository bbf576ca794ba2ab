from tests.integration.daemon import conftest as daemons

daemon = daemons.daemon
