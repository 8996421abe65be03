"""M3UA messages over TCP, and the capture of all that passes (RFC 4666)."""

import struct
import time

from pycrate_mobile.M3UA import (
    M3UA_ASPActAck,
    M3UA_ASPDownAck,
    M3UA_ASPInactAck,
    M3UA_ASPUpAck,
    M3UA_BEATAck,
    M3UA_DATA,
    M3UA_DAVA,
    M3UA_NTFY,
    M3UATag,
    parse_M3UA,
)

AS_INACTIVE, AS_ACTIVE = 2, 3
SCCP = 3
NATIONAL = 2


class Capture:
    """A file of frames that tshark reads as M3UA, without anything below it."""

    # Link type 252, "exported PDU": tags that name the dissector stand before each frame.
    UPPER_PDU = 252
    NAMED = struct.pack(">HH4sHH", 12, 4, b"m3ua", 0, 0)

    def __init__(self, path):
        self.file = open(path, "wb", buffering=0)
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, self.UPPER_PDU))

    def add(self, frame):
        """Writes one frame."""
        now = time.time()
        length = len(self.NAMED) + len(frame)
        header = struct.pack("<IIII", int(now), int(now % 1 * 1e6), length, length)
        self.file.write(header + self.NAMED + frame)


class Gateway:
    """The signalling gateway process of one connection: it makes the ASP active, and carries DATA."""

    def __init__(self, writer, capture, settings, heard):
        self.writer, self.capture, self.heard = writer, capture, heard
        self.context = settings["routing_context"]
        self.ours, self.theirs = settings["peer_point_code"], settings["point_code"]
        self.active = False

    def send(self, message):
        """Sends one message of pycrate's."""
        octets = message.to_bytes()
        self.capture.add(octets)
        self.writer.write(octets)

    def data(self, payload, sls=0):
        """Sends SCCP's octets to the centre."""
        message = M3UA_DATA()
        params = message[1]
        params.set_val([])
        params.clear()
        params.add_prm(M3UATag.RoutingContext, [self.context])
        protocol_data = {"OPC": self.ours, "DPC": self.theirs, "SI": SCCP, "NI": NATIONAL, "MP": 0}
        params.add_prm(M3UATag.ProtocolData, protocol_data | {"SLS": sls, "Data": payload})
        self.send(message)

    def handle(self, octets):
        """Takes one frame: answers what is about the association, tells the rest."""
        self.capture.add(octets)
        message, error = parse_M3UA(octets)
        if error:
            self.heard({"event": "fault", "layer": "m3ua", "error": error, "octets": octets.hex()})
            return
        if message.to_bytes() != octets:
            self.heard({"event": "fault", "layer": "m3ua", "error": "another form", "octets": octets.hex()})
        name = type(message).__name__
        params = message[1]
        if name == "M3UA_ASPUp":
            self.send(M3UA_ASPUpAck())
            self.notify(AS_INACTIVE)
        elif name == "M3UA_ASPAct":
            self.activate(params)
        elif name == "M3UA_BEAT":
            answer = M3UA_BEATAck()
            data = params.get_prm_first(M3UATag.HeartbeatData)
            if data is not None:
                answer[1].add_prm(M3UATag.HeartbeatData, data.to_bytes())
            self.send(answer)
            self.heard({"event": "beat"})
        elif name == "M3UA_ASPInact":
            self.active = False
            self.send(M3UA_ASPInactAck())
        elif name == "M3UA_ASPDown":
            self.active = False
            self.send(M3UA_ASPDownAck())
        elif name == "M3UA_DAUD":
            self.available()
        elif name == "M3UA_DATA":
            protocol_data = params.get_prm_first(M3UATag.ProtocolData)
            self.heard({"event": "sccp", "octets": protocol_data["Data"].get_val()})
        else:
            self.heard({"event": "m3ua", "name": name, "octets": octets.hex()})

    def activate(self, params):
        contexts = params.get_prm_first(M3UATag.RoutingContext)
        if contexts is not None and contexts.get_val() != [self.context]:
            self.heard({"event": "fault", "layer": "m3ua", "error": f"contexts {contexts.get_val()}"})
        answer = M3UA_ASPActAck()
        answer[1].add_prm(M3UATag.RoutingContext, [self.context])
        self.send(answer)
        self.notify(AS_ACTIVE)
        if not self.active:
            self.active = True
            self.heard({"event": "active"})

    def notify(self, state):
        message = M3UA_NTFY()
        message[1].clear()
        message[1].add_prm(M3UATag.Status, {"Type": 1, "Info": state})
        message[1].add_prm(M3UATag.RoutingContext, [self.context])
        self.send(message)

    def available(self):
        message = M3UA_DAVA()
        message[1].clear()
        message[1].add_prm(M3UATag.RoutingContext, [self.context])
        message[1].add_prm(M3UATag.AffectedPC, [{"Mask": 0, "PC": self.ours}])
        self.send(message)
