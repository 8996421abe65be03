"""The dialogues of an HLR, serving nodes and phones: answers by rule, and requests that the test asks for."""

import itertools

from . import map as gsm_map
from . import sccp, tcap, tpdu

FIRST_TRANSACTION = 0x10000001
NETWORK = "00101"


def imsi_of(number):
    """The IMSI of a phone: its last ten digits behind the network's code."""
    return NETWORK + number[-10:]


class Rule:
    """What the network does for one phone: answers in turn for each role; the last one stays."""

    def __init__(self, fields):
        self.answers = {role: list(fields.get(role, [])) for role in ("hlr", "node", "report")}
        self.supports = fields.get("supports", {})

    def next(self, role):
        """The answer whose turn it is."""
        answers = self.answers[role]
        if not answers:
            return {"result": {"node": "15550009001"} if role == "hlr" else {}}
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Dialogue:
    """One dialogue with the centre."""

    def __init__(self, received, remote, local, context, ours):
        self.received, self.remote, self.local = received, remote, local
        self.context, self.tag = context, ours
        self.split = False
        self.answered = False
        self.count = 0

    @property
    def version(self):
        """MAP's version: that of the application context, or 1 without any."""
        return self.context[-1] if self.context else 1


class Network:
    """All dialogues. `send` takes SCCP's octets, `tell` events for the test; `later` delays a call."""

    def __init__(self, send, tell, later):
        self.send, self.tell, self.later = send, tell, later
        self.reader = sccp.Reader()
        self.rules, self.imsis, self.lmsis, self.visitors = {}, {}, {}, {}
        self.dialogues = {}
        self.transactions = itertools.count(FIRST_TRANSACTION)

    # What the test asks for.

    def add_rule(self, fields):
        """What happens to one phone, or (`*`) to all others."""
        self.rules[fields["number"]] = Rule(fields)
        self.tell({"event": "ruled", "number": fields["number"]})

    def begin(self, fields):
        """Opens a dialogue of the network's own; its end is told under the tag."""
        local = next(self.transactions).to_bytes(4, "big")
        context = fields.get("context")
        context = tuple(context) if context else None
        version = context[-1] if context else 1
        dialogue = Dialogue(None, None, local, context, fields["tag"])
        self.dialogues[local] = dialogue
        components = [self._component(component, version) for component in fields.get("components", [])]
        octets = tcap.encode(
            "begin",
            otid=local,
            dialoguePortion=tcap.request(context) if context else None,
            components=components or None,
        )
        if "cut" in fields:
            octets = octets[: fields["cut"]]
        called = sccp.address(sccp.CalledPartyAddr, fields["called"], fields.get("called_ssn", 8))
        calling = sccp.address(sccp.CallingPartyAddr, fields["calling"], fields.get("calling_ssn", 8))
        self._out(called, calling, octets, fields.get("segments", 1))

    def raw(self, fields):
        """Sends a TCAP message as it is."""
        called = sccp.address(sccp.CalledPartyAddr, fields["called"], 8)
        calling = sccp.address(sccp.CallingPartyAddr, fields["calling"], 8)
        self._out(called, calling, bytes.fromhex(fields["octets"]))

    def _component(self, component, version):
        if "reject" in component:
            return tcap.reject(component["id"], *component["reject"])
        operation = component["operation"]
        argument = component.get("argument")
        if "octets" in component:
            octets = bytes.fromhex(component["octets"])
        elif argument is None:
            octets = None
        else:
            octets = gsm_map.argument(operation, version, _argument(argument))
        return tcap.invoke(component.get("id", 1), operation, octets)

    def _out(self, called, calling, octets, segments=1):
        if segments == 1:
            self.send(sccp.unitdata(called, calling, octets))
            return
        for segment in sccp.segments(called, calling, octets, segments, next(self.transactions) & 0xFFFFFF):
            self.send(segment)

    # What the centre sends.

    def handle(self, octets):
        """Takes a message of SCCP."""
        received = self.reader.read(octets)
        if received is None:
            return
        kind, fields = tcap.decode(received.data)
        if received.kind.endswith("Service"):
            self.tell({"event": "undelivered", "addresses": received.addresses})
        elif kind == "begin":
            self._begun(received, fields)
        elif fields["dtid"] in self.dialogues:
            self._goes_on(self.dialogues[fields["dtid"]], kind, received, fields)
        else:
            dialogue, reason = fields["dtid"].hex(), _json(fields.get("reason"))
            self.tell({"event": "unknown_dialogue", "dialogue": dialogue, "kind": kind, "reason": reason})

    def _begun(self, received, fields):
        pdu = tcap.dialogue_of(fields)
        context = pdu[1]["application-context-name"] if pdu else None
        local = next(self.transactions).to_bytes(4, "big")
        dialogue = Dialogue(received, fields["otid"], local, context, None)
        self.dialogues[local] = dialogue
        components = tcap.components_of(fields)
        if components:
            self._components(dialogue, components)
            return
        dialogue.split = True
        # Nobody knows yet whom the message is for: it is the phone that the node was named for last.
        if not self._refuses(dialogue, self.visitors[received.addresses["called"]["digits"]], "node"):
            self._reply(dialogue, "continue", [])

    def _goes_on(self, dialogue, kind, received, fields):
        pdu = tcap.dialogue_of(fields)
        if dialogue.tag is not None:
            self._own_ends(dialogue, kind, fields, pdu)
            return
        if kind == "abort":
            self.tell({"event": "aborted", "reason": _json(fields.get("reason"))})
            del self.dialogues[dialogue.local]
        elif kind == "end":
            self.tell({"event": "closed"})
            del self.dialogues[dialogue.local]
        else:
            dialogue.received = received
            self._components(dialogue, tcap.components_of(fields))

    def _own_ends(self, dialogue, kind, fields, pdu):
        event = {"event": "answer", "tag": dialogue.tag, "kind": kind}
        if pdu:
            event["dialogue"] = _json(pdu)
        if kind == "abort":
            event["reason"] = _json(fields.get("reason"))
            if fields.get("reason", ("",))[0] == "u-abortCause":
                event["dialogue"] = _json(fields["reason"][1]["encoding"][1][1])
        event["components"] = [_read_component(component) for component in tcap.components_of(fields)]
        if kind == "continue":
            dialogue.remote = fields["otid"]
        else:
            del self.dialogues[dialogue.local]
        self.tell(event)

    def _components(self, dialogue, components):
        for kind, fields in components:
            if kind != "invoke":
                self.tell({"event": kind, "fields": _json(fields)})
                continue
            self._invoked(dialogue, fields)

    def _invoked(self, dialogue, fields):
        operation, version = fields["opcode"][1], dialogue.version
        octets = tcap.whole(fields["argument"])
        value = gsm_map.read_argument(operation, version, octets)
        number, role = self._whose(operation, value)
        addresses = dialogue.received.addresses
        dialogue.count += 1
        event = {
            "event": "invoke",
            "operation": gsm_map.NAMES[operation],
            "code": operation,
            "version": version,
            "context": dialogue.context,
            "number": number,
            "argument": _json(value),
            "split": dialogue.split,
            "place_in_dialogue": dialogue.count,
            "sccp": dialogue.received.kind,
            "returns": dialogue.received.returns,
            "octets": len(dialogue.received.data),
        } | addresses
        if "sm-RP-UI" in value:
            event["tpdu"] = _json(tpdu.read_terminating(value["sm-RP-UI"]))
        self.tell(event)
        if self._refuses(dialogue, number, role):
            return
        rule = self.rules.get(number) or self.rules.get("*") or Rule({})
        answer = rule.next(role)
        arguments = (dialogue, fields["invokeId"][1], operation, number, value, answer)
        if "after_seconds" in answer:
            self.later(answer["after_seconds"], self._answer, *arguments)
        else:
            self._answer(*arguments)

    def _whose(self, operation, value):
        if operation == gsm_map.SRI:
            return gsm_map.digits(value["msisdn"]), "hlr"
        if operation == gsm_map.REPORT:
            return gsm_map.digits(value["msisdn"]), "report"
        kind, octets = value["sm-RP-DA"]
        if kind == "lmsi":
            return self.lmsis[octets], "node"
        return self.imsis[gsm_map.untbcd(octets)], "node"

    def _refuses(self, dialogue, number, role):
        """Whether the node is too old for the dialogue, and says so."""
        rule = self.rules.get(number) or self.rules.get("*")
        supports = rule.supports.get(role) if rule else None
        if supports is None or dialogue.version <= supports["max"]:
            return False
        how, context = supports.get("by", "context"), dialogue.context
        if how == "context":
            offered = context[:-1] + (supports["max"],)
            refusal = tcap.response(offered, tcap.REJECTED_PERMANENT, tcap.CONTEXT_NOT_SUPPORTED)
            self._abort(dialogue, ("u-abortCause", refusal))
        elif how == "no reason":
            refusal = tcap.response(context, tcap.REJECTED_PERMANENT, tcap.NO_REASON)
            self._abort(dialogue, ("u-abortCause", refusal))
        elif how == "plain":
            self._abort(dialogue, None)
        else:
            self._abort(dialogue, ("p-abortCause", 3))
        return True

    # Answers.

    def _answer(self, dialogue, invoke_id, operation, number, value, answer):
        version = dialogue.version
        if "silent" in answer:
            return
        if "undelivered" in answer:
            self.send(sccp.undelivered(dialogue.received, answer["undelivered"]))
        elif "abort" in answer:
            self._abort(dialogue, _abort_reason(answer["abort"]))
        elif "end" in answer:
            self._reply(dialogue, "end", [])
        else:
            component = self._outcome(operation, version, number, invoke_id, answer)
            components = [component]
            if "inform" in answer and version > 1:
                octets = gsm_map.inform(version, number, answer["inform"])
                components.insert(0, tcap.invoke(2, gsm_map.INFORM, octets))
            # A node holds its dialogue open for more, unless it has refused the message.
            more = value.get("moreMessagesToSend") is not None and "result" in answer
            self._reply(dialogue, "continue" if more else "end", components)

    def _outcome(self, operation, version, number, invoke_id, answer):
        if "reject" in answer:
            return tcap.reject(invoke_id, *answer["reject"])
        if "error" in answer:
            code = answer["error"]
            if "failure_cause" in answer:
                answer = answer | {"report": tpdu.deliver_report(answer["failure_cause"]).hex()}
            return tcap.error(invoke_id, code, gsm_map.error(code, version, answer))
        fields = answer["result"]
        if operation == gsm_map.SRI:
            self.imsis[imsi_of(number)] = number
            self.visitors[fields["node"]] = number
            if "lmsi" in fields:
                self.lmsis[bytes.fromhex(fields["lmsi"])] = number
            octets = gsm_map.routing_result(version, imsi_of(number), fields)
        elif operation == gsm_map.REPORT:
            octets = gsm_map.report_result(version, number)
        else:
            octets = gsm_map.forward_result(version, fields)
        return tcap.result(invoke_id, operation, octets)

    def _reply(self, dialogue, kind, components):
        portion = None
        if dialogue.context and not dialogue.answered:
            portion = tcap.response(dialogue.context)
        dialogue.answered = True
        fields = {"dtid": dialogue.remote, "dialoguePortion": portion, "components": components or None}
        if kind == "continue":
            fields["otid"] = dialogue.local
        else:
            del self.dialogues[dialogue.local]
        self._out(*dialogue.received.back(), tcap.encode(kind, **fields))

    def _abort(self, dialogue, reason):
        del self.dialogues[dialogue.local]
        self._out(*dialogue.received.back(), tcap.encode("abort", dtid=dialogue.remote, reason=reason))


def _abort_reason(abort):
    if "provider" in abort:
        return ("p-abortCause", abort["provider"])
    if abort["user"] == "plain":
        return None
    return ("u-abortCause", tcap.user_abort(gsm_map.user_abort(abort["user"])))


def _argument(fields):
    """An argument for pycrate: numbers to addresses, a TPDU's fields to its octets."""
    made = {}
    for name, value in fields.items():
        if name in ("msisdn", "serviceCentreAddress"):
            made[name] = gsm_map.address(value)
        elif name in ("sm-RP-DA", "sm-RP-OA"):
            kind, digits = value
            made[name] = (kind, gsm_map.tbcd(digits) if kind == "imsi" else gsm_map.address(digits))
        elif name == "imsi":
            made[name] = gsm_map.tbcd(value)
        elif name == "submit":
            made["sm-RP-UI"] = tpdu.submit(value)
        elif name == "command":
            made["sm-RP-UI"] = tpdu.command(value)
        elif name == "tpdu":
            made["sm-RP-UI"] = bytes.fromhex(value)
        else:
            made[name] = value
    return made


def _read_component(component):
    kind, fields = component
    read = {"kind": kind, "id": _json(fields.get("invokeId"))}
    if kind == "returnError":
        code = fields["errcode"][1]
        octets = tcap.whole(fields["parameter"]) if "parameter" in fields else None
        read |= {"error": code} | _json(gsm_map.read_error(code, octets))
        if read.get("report"):
            read["report"] = tpdu.read_submit_report(bytes.fromhex(read["report"]))
    elif kind == "reject":
        read["problem"] = list(fields["problem"])
    return read


def _json(value):
    """pycrate's values as JSON has them: octets in hex, a choice as an object with one key."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(name): _json(part) for name, part in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return {value[0]: _json(value[1])}
    if isinstance(value, (list, tuple)):
        return [_json(part) for part in value]
    return value
