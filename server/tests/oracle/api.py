"""A running server, asked over HTTP."""

import http.client
import json
from collections.abc import Iterable
from urllib.parse import urlsplit


class Api:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.path = parts.path
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)
        self.fields: dict[str, set[str]] = {}

    def answer(self, query: str, variables: dict[str, object]) -> dict:
        body = json.dumps({"query": query, "variables": variables})
        self.connection.request("POST", self.path, body, {"content-type": "application/json"})
        return json.loads(self.connection.getresponse().read())

    def refusal(self, query: str, **variables: object) -> dict | None:
        """The first error of an operation; none when it succeeds."""
        errors = self.answer(query, variables).get("errors")
        return errors[0] if errors else None

    def ask(self, query: str, **variables: object) -> dict:
        """The data of an operation that must succeed."""
        answer = self.answer(query, variables)
        if answer.get("errors"):
            raise RuntimeError(f"{query} with {variables}: {answer['errors']}")
        return answer["data"]

    def those_of(self, type_name: str, fields: Iterable[str]) -> str:
        """Those of the fields that the server's schema has."""
        if type_name not in self.fields:
            found = self.ask("query($name: String!) { __type(name: $name) { fields { name } } }", name=type_name)
            self.fields[type_name] = {one["name"] for one in found["__type"]["fields"]}
        return " ".join(field for field in fields if field in self.fields[type_name])

    def pages(self, query: str, field: str, **variables: object) -> list[dict]:
        """All items of a list that comes in pages; the query takes `$after`."""
        nodes: list[dict] = []
        after = None
        while True:
            page = self.ask(query, after=after, **variables)[field]
            nodes += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]
