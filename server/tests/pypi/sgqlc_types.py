"""sgqlc: types generated from the schema that the server tells, and a query of them."""

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from follow import URL, write
from sgqlc.endpoint.http import HTTPEndpoint
from sgqlc.operation import Operation

write()
with tempfile.TemporaryDirectory() as folder:
    told, types = Path(folder, "schema.json"), Path(folder, "types.py")
    subprocess.run([sys.executable, "-m", "sgqlc.introspection", URL, told], check=True)
    subprocess.run([sys.executable, "-m", "sgqlc.codegen", "schema", told, types], check=True)
    spec = importlib.util.spec_from_file_location("types_of_andon", types)
    schema = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(schema)
    operation = Operation(schema.Query)
    operation.factory_metrics(factory_id="plant").units_produced()
    answer = operation + HTTPEndpoint(URL)(operation)
    assert answer.factory_metrics.units_produced == 7, answer
