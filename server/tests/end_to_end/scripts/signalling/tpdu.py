"""TPDUs of phones (TS 23.040), on pycrate's structures."""

import time

from pycrate_mobile.TS23040_SMS import (
    SMS_COMMAND,
    SMS_DELIVER,
    SMS_DELIVER_REPORT_RP_ERROR,
    SMS_STATUS_REPORT,
    SMS_SUBMIT,
    SMS_SUBMIT_REPORT_RP_ERROR,
)

VALIDITY_ABSENT, VALIDITY_ENHANCED, VALIDITY_RELATIVE, VALIDITY_ABSOLUTE = 0, 1, 2, 3
INTERNATIONAL, UNKNOWN = 1, 0


def _number(field, digits):
    """Puts a number into an address: international with its `+`."""
    field["Type"].set_val(INTERNATIONAL if digits.startswith("+") else UNKNOWN)
    field["NumberingPlan"].set_val(1)
    field["Num"].encode(digits.removeprefix("+"))


def _coding(field, octet):
    field.set_val({"Group": octet >> 4, "Charset": octet & 0x0F})


def _user_data(message, fields):
    data = message["TP_UD"]
    if "header" in fields:
        message["TP_UDHI"].set_val(1)
        header = bytes.fromhex(fields["header"])
        data["UDH"].from_bytes(bytes([len(header)]) + header)
    data["UD"].set_val(bytes.fromhex(fields["octets"]) if "octets" in fields else fields.get("text", ""))


def submit(fields):
    """The octets of SMS-SUBMIT."""
    message = SMS_SUBMIT()
    message["TP_MR"].set_val(fields.get("reference", 0))
    message["TP_SRR"].set_val(int(fields.get("report", False)))
    message["TP_RD"].set_val(int(fields.get("reject_duplicates", False)))
    _number(message["TP_DA"], fields["to"])
    message["TP_PID"].from_bytes(bytes([fields.get("protocol", 0)]))
    message["TP_DCS"].from_bytes(bytes([fields.get("coding", 0)]))
    _validity(message, fields.get("validity"))
    _user_data(message, fields)
    return message.to_bytes()


def _validity(message, validity):
    """TP-VP in one of its formats: relative is a number, absolute is seconds from now with a zone."""
    if validity is None:
        return
    if "relative" in validity:
        message["TP_VPF"].set_val(VALIDITY_RELATIVE)
        message[10].set_val(validity["relative"])
    elif "absolute" in validity:
        message["TP_VPF"].set_val(VALIDITY_ABSOLUTE)
        zone = validity.get("zone_hours", 0)
        local = time.gmtime(time.time() + validity["absolute"] + zone * 3600)
        message[11].encode(local)
        _zone(message[11]["TZ"], round(zone * 4))
    else:
        message["TP_VPF"].set_val(VALIDITY_ENHANCED)
        message[12].from_bytes(bytes.fromhex(validity["enhanced"]))


def _zone(field, quarters):
    # pycrate 0.8.1 writes the quarters of an hour in binary; TS 23.040 §9.2.3.11 has semi-octets.
    tens, units = divmod(abs(quarters), 10)
    field.set_val({"TZ1": units, "TZS": int(quarters < 0), "TZ0": tens})


def command(fields):
    """The octets of SMS-COMMAND."""
    message = SMS_COMMAND()
    message["TP_MR"].set_val(fields.get("reference", 0))
    message["TP_SRR"].set_val(int(fields.get("report", False)))
    message["TP_CT"].set_val(fields["type"])
    message["TP_MN"].set_val(fields["number"])
    _number(message["TP_DA"], fields["to"])
    return message.to_bytes()


def deliver_report(failure_cause):
    """The octets of the SMS-DELIVER-REPORT that stands beside a refusal."""
    message = SMS_DELIVER_REPORT_RP_ERROR()
    message["TP_FCS"].set_val(failure_cause)
    return message.to_bytes()


def read_submit_report(octets):
    """What a phone is told whose message is refused."""
    message = SMS_SUBMIT_REPORT_RP_ERROR()
    _read(message, octets)
    return {"type": message["TP_MTI"].get_val(), "failure_cause": message["TP_FCS"].get_val()}


def read_terminating(octets):
    """What a phone gets: SMS-DELIVER or SMS-STATUS-REPORT."""
    kind = octets[0] & 3
    return _read_deliver(octets) if kind == 0 else _read_status_report(octets)


def _read(message, octets):
    message.from_bytes(octets)
    if message.to_bytes() != octets:
        raise ValueError(f"pycrate writes {message.to_bytes().hex()} for the TPDU {octets.hex()}")


def _address(field):
    octets = field.to_bytes()
    return {"type": field["Type"].get_val(), "value": field["Num"].decode(), "octets": octets.hex().upper()}


def _stamp(field):
    stamp, _ = field.decode()
    zone = field["TZ"]
    quarters = zone["TZ0"].get_val() * 10 + zone["TZ1"].get_val()
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S", stamp),
        "zone_quarters": -quarters if zone["TZS"].get_val() else quarters,
    }


def _read_deliver(octets):
    message = SMS_DELIVER()
    message.from_bytes(octets)
    data = message["TP_UD"]
    read = {
        "kind": "SMS-DELIVER",
        "originator": _address(message["TP_OA"]),
        "protocol": message["TP_PID"].to_bytes()[0],
        "coding": message["TP_DCS"].to_bytes()[0],
        "stamp": _stamp(message["TP_SCTS"]),
        "report_indication": message["TP_SRI"].get_val(),
        "more": message["TP_MMS"].get_val() == 0,
        "reply_path": message["TP_RP"].get_val(),
        "length": data["UDL"].get_val(),
        "body": data["UD"].get_val(),
    }
    if message["TP_UDHI"].get_val():
        read["header"] = data["UDH"].to_bytes()[1:].hex()
    decoded = data["UD"].decode()
    if isinstance(decoded, str):
        read["text"] = decoded
    return read


def _read_status_report(octets):
    message = SMS_STATUS_REPORT()
    _read(message, octets)
    return {
        "kind": "SMS-STATUS-REPORT",
        "reference": message["TP_MR"].get_val(),
        "recipient": _address(message["TP_RA"]),
        "stamp": _stamp(message["TP_SCTS"]),
        "discharge": _stamp(message["TP_DT"]),
        "status": message["TP_ST"].get_val(),
        "answers_command": message["TP_SRQ"].get_val(),
        "more": message["TP_MMS"].get_val() == 0,
    }
