"""ariadne-codegen: a typed client, generated from the committed schema, that asks and follows."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from follow import LIMIT_S, QUERY, SOCKET_URL, SUBSCRIPTION, URL, write

SCHEMA = sys.argv[2]
OPERATIONS = QUERY.replace("query Units", "query Asked") + "\n" + SUBSCRIPTION.replace("Units", "Followed", 1)
CONFIG = f"""
[tool.ariadne-codegen]
schema_path = "{SCHEMA}"
queries_path = "operations.graphql"
target_package_name = "andon_client"
"""


async def main():
    from andon_client import Client

    client = Client(url=URL, ws_url=SOCKET_URL)
    assert int((await client.asked()).factory_metrics.units_produced) == 7
    async for delivery in client.followed():
        assert int(delivery.factory_metrics.units_produced) == 7, delivery
        return
    raise AssertionError("the subscription ended")


write()
with tempfile.TemporaryDirectory() as folder:
    Path(folder, "operations.graphql").write_text(OPERATIONS)
    Path(folder, "pyproject.toml").write_text(CONFIG)
    subprocess.run([sys.executable, "-m", "ariadne_codegen"], cwd=folder, check=True, env=os.environ)
    sys.path.insert(0, folder)
    asyncio.run(asyncio.wait_for(main(), LIMIT_S))
