"""gql over both of its transports for websockets: it does not see which sub-protocol was chosen."""

import asyncio

from follow import LIMIT_S, QUERY, SOCKET_URL, SUBSCRIPTION, follow
from gql import Client, gql
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport


async def try_with(transport):
    async with Client(transport=transport) as session:
        await follow(session, gql(SUBSCRIPTION))
        answer = await session.execute(gql(QUERY))
        assert answer["factoryMetrics"]["unitsProduced"] == 7, answer
        try:
            await session.execute(gql("{ nothing }"))
            raise AssertionError("it was not refused")
        except TransportQueryError as error:
            assert error.errors[0]["extensions"]["code"] == "BAD_USER_INPUT", error


async def main():
    for transport in (WebsocketsTransport, AIOHTTPWebsocketsTransport):
        for subprotocols in (None, ["graphql-ws"], ["graphql-transport-ws"]):
            await asyncio.wait_for(try_with(transport(url=SOCKET_URL, subprotocols=subprotocols)), LIMIT_S)


asyncio.run(main())
