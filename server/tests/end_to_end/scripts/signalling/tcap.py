"""TCAP messages and their dialogue portions (Q.773), on pycrate's codec that leaves parameters alone."""

from pycrate_asn1dir import TCAP_RAW

MESSAGE = TCAP_RAW.TCAP_Messages.TCAP_Message
DIALOGUE_AS = (0, 0, 17, 773, 1, 1, 1)
MAP_DIALOGUE_AS = (0, 4, 0, 0, 1, 1, 1, 1)
ACCEPTED, REJECTED_PERMANENT = 0, 1
NO_REASON, CONTEXT_NOT_SUPPORTED = 1, 2
GENERAL, INVOKE, RESULT, ERROR = "general", "invoke", "returnResult", "returnError"


def parameter(octets):
    """pycrate's form of a parameter that it does not look into: its tag by name, its contents as octets."""
    tag, constructed, contents = _split(octets)
    return f"_unk_{tag >> 6}{int(constructed)}{tag & 0x1F}", contents


def _split(octets):
    tag, length, at = octets[0], octets[1], 2
    if length & 0x80:
        at += length & 0x7F
    return tag, bool(tag & 0x20), octets[at:]


def whole(value):
    """The octets of a parameter as pycrate hands it over."""
    name, contents = value
    numbers = name.removeprefix("_unk_")
    tag = int(numbers[0]) << 6 | int(numbers[1]) << 5 | int(numbers[2:])
    length = len(contents)
    if length < 0x80:
        size = bytes([length])
    elif length < 0x100:
        size = bytes([0x81, length])
    else:
        size = bytes([0x82, length >> 8, length & 0xFF])
    return bytes([tag]) + size + contents


def _dialogue(pdu):
    encoding = ("single-ASN1-type", ("DialoguePDU", pdu))
    return {"direct-reference": DIALOGUE_AS, "encoding": encoding}


def request(context):
    """AARQ: the dialogue's application context."""
    fields = {"protocol-version": (1, 1), "application-context-name": context}
    return _dialogue(("dialogueRequest", fields))


def response(context, result=ACCEPTED, diagnostic=0):
    """AARE: the context is accepted, or refused and why."""
    fields = {
        "protocol-version": (1, 1),
        "application-context-name": context,
        "result": result,
        "result-source-diagnostic": ("dialogue-service-user", diagnostic),
    }
    return _dialogue(("dialogueResponse", fields))


def user_abort(information=None):
    """ABRT of the user, with MAP's reason if there is one."""
    fields = {"abort-source": 0}
    if information is not None:
        encoding = ("single-ASN1-type", parameter(information))
        fields["user-information"] = [{"direct-reference": MAP_DIALOGUE_AS, "encoding": encoding}]
    return _dialogue(("dialogueAbort", fields))


def invoke(invoke_id, operation, argument):
    """An Invoke component; `argument` is whole octets or None."""
    fields = {"invokeId": ("present", invoke_id), "opcode": ("local", operation)}
    if argument is not None:
        fields["argument"] = parameter(argument)
    return ("basicROS", ("invoke", fields))


def result(invoke_id, operation, value):
    """A ReturnResultLast component."""
    fields = {"invokeId": ("present", invoke_id)}
    if value is not None:
        fields["result"] = {"opcode": ("local", operation), "result": parameter(value)}
    return ("basicROS", ("returnResult", fields))


def error(invoke_id, code, value):
    """A ReturnError component."""
    fields = {"invokeId": ("present", invoke_id), "errcode": ("local", code)}
    if value is not None:
        fields["parameter"] = parameter(value)
    return ("basicROS", ("returnError", fields))


def reject(invoke_id, kind, code):
    """A Reject component: the kind of problem, and which."""
    return ("basicROS", ("reject", {"invokeId": ("present", invoke_id), "problem": (kind, code)}))


def encode(kind, **fields):
    """The octets of a message; fields that are None are left out."""
    MESSAGE.set_val((kind, {name: value for name, value in fields.items() if value is not None}))
    return MESSAGE.to_ber()


def decode(octets):
    """The kind of a message, and its fields; a message that pycrate writes otherwise is no good form."""
    MESSAGE.from_ber(octets)
    kind, fields = MESSAGE.get_val()
    if MESSAGE.to_ber() != octets:
        raise ValueError(f"pycrate writes {MESSAGE.to_ber().hex()} for {octets.hex()}")
    return kind, fields


def dialogue_of(fields):
    """The dialogue PDU of a message: its kind and its fields, or None."""
    portion = fields.get("dialoguePortion")
    return None if portion is None else portion["encoding"][1][1]


def components_of(fields):
    """The components of a message: kind and fields of each."""
    return [component[1] for component in fields.get("components", [])]
