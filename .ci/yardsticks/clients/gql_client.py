"""PyPI gql over websockets: a lost connection ends the subscription, which is made again after the last cursor."""

import asyncio
import json
import os

from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportConnectionFailed, TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

ORDERS = json.loads(os.environ["CLIENT_ORDERS"])
DOCUMENT = """subscription Alerts($after: String, $filter: UsageAlertFilter) {
  usageAlertEvents(after: $after, filter: $filter) { cursor replayed event { id threshold alertRule { id name } } }
}"""


def tell(line: dict) -> None:
    print(json.dumps(line), flush=True)


async def follow() -> None:
    after = None
    while True:
        transport = WebsocketsTransport(
            url=ORDERS["socketUrl"],
            init_payload={"authorization": f"Bearer {ORDERS['key']}"},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        try:
            async with Client(transport=transport) as session:
                request = GraphQLRequest(DOCUMENT, variable_values={"after": after, "filter": ORDERS["filter"]})
                async for result in session.subscribe(request):
                    item = result["usageAlertEvents"]
                    after = item["cursor"]
                    tell(item)
        except TransportQueryError as error:
            tell({"fatal": str(error)})
            return
        except (TransportConnectionFailed, TransportError, OSError):
            pass
        await asyncio.sleep(0.05)


asyncio.run(follow())
