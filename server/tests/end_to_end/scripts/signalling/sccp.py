"""SCCP connectionless messages (Q.713): unitdata both ways, its segments, and what comes back undelivered."""

from pycrate_mobile.SCCP import (
    CalledPartyAddr,
    CallingPartyAddr,
    SCCPExtUnitData,
    SCCPUnitData,
    SCCPUnitDataService,
    parse_SCCP,
)

SEQUENCED, RETURN_ON_ERROR = 1, 8
HOPS = 15


def address(kind, digits, subsystem):
    """A called or calling address: global title of E.164, routed on it."""
    made = kind()
    indicator = {"res": 0, "RoutingInd": 0, "GTInd": 4, "SSNInd": 1, "PCInd": 0}
    made.set_val({"Value": {"AddrInd": indicator, "SSN": subsystem}})
    title = made.get_gt()
    for field, value in (("TranslationType", 0), ("NumberingPlan", 1), ("NAI", 4)):
        title[field].set_val(value)
    title.set_addr_bcd(digits)
    return made


def read_address(party):
    """What an address says, for the test to check."""
    value = party["Value"]
    title = party.get_gt()
    return {
        "digits": title.get_addr(),
        "ssn": value["SSN"].get_val(),
        "routing": value["AddrInd"]["RoutingInd"].get_val(),
        "title_indicator": value["AddrInd"]["GTInd"].get_val(),
        "translation_type": title["TranslationType"].get_val(),
        "plan": title["NumberingPlan"].get_val(),
        "nature": title["NAI"].get_val(),
    }


def _filled(message, called, calling, data):
    message.replace(message["CalledPartyAddr"], called)
    message.replace(message["CallingPartyAddr"], calling)
    message["Data"]["Value"].set_val(data)
    return message


def unitdata(called, calling, data):
    """The octets of UDT."""
    message = SCCPUnitData()
    message["ProtocolClass"].set_val({"Handling": RETURN_ON_ERROR, "Class": SEQUENCED})
    return _filled(message, called, calling, data).to_bytes()


def segments(called, calling, data, count, reference):
    """The octets of `count` XUDT that carry the data together."""
    size = -(-len(data) // count)
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    for number, part in enumerate(parts):
        message = SCCPExtUnitData()
        message["ProtocolClass"].set_val({"Handling": RETURN_ON_ERROR, "Class": SEQUENCED})
        message["HopCounter"].set_val(HOPS)
        _filled(message, called, calling, part)
        remaining = len(parts) - number - 1
        first = {"F": int(number == 0), "C": 1, "RemainingSeg": remaining, "SegmentLocalRef": reference}
        segmentation = message["Opt"]["Segmentation"]
        segmentation.set_trans(False)
        segmentation[2].set_val(first)
        message["Opt"]["EOO"].set_trans(False)
        yield message.to_bytes()


def undelivered(received, cause):
    """The octets of UDTS: a unitdata comes back."""
    message = SCCPUnitDataService()
    message["RetCause"].set_val(cause)
    called, calling = CalledPartyAddr(), CallingPartyAddr()
    called.from_bytes(received.calling)
    calling.from_bytes(received.called)
    return _filled(message, called, calling, received.data).to_bytes()


class Received:
    """One unitdata, whole: the octets of its addresses, and its data."""

    def __init__(self, message, data):
        self.kind = type(message).__name__
        self.called = message["CalledPartyAddr"].to_bytes()
        self.calling = message["CallingPartyAddr"].to_bytes()
        self.addresses = {
            "called": read_address(message["CalledPartyAddr"]),
            "calling": read_address(message["CallingPartyAddr"]),
        }
        protocol_class = message["ProtocolClass"] if "ProtocolClass" in message._by_name else None
        self.returns = protocol_class is not None and protocol_class["Handling"].get_val() == RETURN_ON_ERROR
        self.data = data

    def back(self):
        """The addresses of an answer: exactly those that came, exchanged."""
        called, calling = CalledPartyAddr(), CallingPartyAddr()
        called.from_bytes(self.calling)
        calling.from_bytes(self.called)
        return called, calling


class Reader:
    """Reads SCCP's messages and joins segments (Q.714 in short: by calling address and reference)."""

    def __init__(self):
        self.parts = {}

    def read(self, octets):
        """A whole unitdata, or None while segments are missing."""
        message, error = parse_SCCP(octets, w_scmg=False)
        if error or not message.is_valid():
            raise ValueError(f"SCCP: {error}, {octets.hex()}")
        if message.to_bytes() != octets:
            raise ValueError(f"pycrate writes {message.to_bytes().hex()} for {octets.hex()}")
        data = message["Data"]["Value"].get_val()
        segment = self.segment(message)
        if segment is None:
            return Received(message, data)
        key = (message["CallingPartyAddr"].to_bytes(), segment["SegmentLocalRef"].get_val())
        if segment["F"].get_val():
            self.parts[key] = b""
        self.parts[key] += data
        if segment["RemainingSeg"].get_val():
            return None
        return Received(message, self.parts.pop(key))

    @staticmethod
    def segment(message):
        if "Opt" not in message._by_name or message["Opt"].get_trans():
            return None
        option = message["Opt"]["Segmentation"]
        return None if option.get_trans() else option[2]
