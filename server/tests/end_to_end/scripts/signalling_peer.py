"""A mobile network for the centre's tests, written with pycrate: gateway, HLR, serving nodes and phones.

Arguments: the `m3ua` object of `fernpost lab --json`, and the file for the capture. Each line of standard
input is an order, each line of standard output an event; both are JSON objects.

    {"rule": {"number": "15550200001", "hlr": [...], "node": [...], "report": [...], "supports": {...}}}
    {"begin": {"tag": "a", "context": [...], "calling": "...", "called": "...", "components": [...]}}
    {"raw": {"calling": "...", "called": "...", "octets": "..."}}
    {"mark": 1}    comes back as it is, behind everything that was told before
"""

import asyncio
import json
import sys
import threading
import traceback

from signalling.dialogues import Network
from signalling.m3ua import Capture, Gateway

HEADER = 8


def tell(event):
    """Writes one event."""
    print(json.dumps(event), flush=True)


class Peer:
    """One network, whatever connection leads to the centre at the moment."""

    def __init__(self, settings, capture):
        self.settings, self.capture = settings, capture
        self.gateway = None
        later = asyncio.get_running_loop().call_later
        self.network = Network(lambda octets: self.gateway.data(octets), tell, later)

    async def serve(self, reader, writer):
        """Lives as long as one connection does."""
        self.gateway = Gateway(writer, self.capture, self.settings, self.heard)
        try:
            while True:
                header = await reader.readexactly(HEADER)
                rest = int.from_bytes(header[4:], "big") - HEADER
                self.guarded(self.gateway.handle, header + await reader.readexactly(rest))
        except (asyncio.IncompleteReadError, ConnectionError):
            tell({"event": "lost"})
        finally:
            writer.close()

    def heard(self, event):
        """Takes what M3UA has to say."""
        if event["event"] == "sccp":
            self.network.handle(event["octets"])
        else:
            tell(event)

    def obey(self, line):
        """Does what the test asks for."""
        order = json.loads(line)
        if "rule" in order:
            self.guarded(self.network.add_rule, order["rule"])
        elif "begin" in order:
            self.guarded(self.network.begin, order["begin"])
        elif "raw" in order:
            self.guarded(self.network.raw, order["raw"])
        elif "mark" in order:
            tell({"event": "mark", "mark": order["mark"]})

    @staticmethod
    def guarded(action, argument):
        """A fault of one message is told, and the network goes on."""
        try:
            action(argument)
        except Exception:  # whatever pycrate objects to, the test has to hear of it
            tell({"event": "fault", "layer": "peer", "error": traceback.format_exc()})


async def main():
    settings, capture = json.loads(sys.argv[1]), Capture(sys.argv[2])
    peer = Peer(settings, capture)
    server = await asyncio.start_server(peer.serve, settings["host"], settings["port"])
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def orders():
        for line in sys.stdin:
            loop.call_soon_threadsafe(peer.obey, line)
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=orders, daemon=True).start()
    tell({"event": "listening"})
    async with server:
        await over.wait()


asyncio.run(main())
