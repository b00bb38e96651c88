"""Follows one channel with the official Python SDK; the same orders and words as follow.mjs."""

import asyncio
import json
import sys

from centrifuge import (
    CentrifugeError,
    Client,
    ClientEventHandler,
    ReplyError,
    SubscriptionEventHandler,
)


def say(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


class OfClient(ClientEventHandler):
    async def on_connected(self, ctx):
        say("connected")

    async def on_connecting(self, ctx):
        say("connecting", code=ctx.code)

    async def on_disconnected(self, ctx):
        say("disconnected", code=ctx.code)


class OfSubscription(SubscriptionEventHandler):
    async def on_subscribed(self, ctx):
        at = ctx.stream_position
        say(
            "subscribed",
            recovered=ctx.recovered,
            was_recovering=ctx.was_recovering,
            position=at and {"offset": at.offset, "epoch": at.epoch},
            data=ctx.data,
        )

    async def on_publication(self, ctx):
        say("publication", offset=ctx.pub.offset, data=ctx.pub.data)

    async def on_unsubscribed(self, ctx):
        say("unsubscribed", code=ctx.code)


async def main():
    client = None
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        if order["do"] == "follow":
            client = Client(
                order["url"],
                token=order["token"],
                events=OfClient(),
                min_reconnect_delay=0.05,
                max_reconnect_delay=0.3,
            )
            sub = client.new_subscription(
                order["channel"],
                events=OfSubscription(),
                min_resubscribe_delay=0.05,
                max_resubscribe_delay=0.3,
            )
            if since := order.get("since"):
                # This SDK takes a position from its own past alone.
                sub._recover, sub._offset, sub._epoch = True, since["offset"], since["epoch"]
            await sub.subscribe()
            await client.connect()
        elif order["do"] == "lose":
            # As a lost network would: the socket is gone without a word.
            client._conn.transport.abort()
        elif order["do"] == "rpc":
            try:
                say("answer", data=(await client.rpc(order["method"], order["data"])).data)
            except ReplyError as error:
                say("refused", code=error.code, message=str(error))
            except CentrifugeError as error:
                say("refused", code=0, message=str(error))


asyncio.run(main())
