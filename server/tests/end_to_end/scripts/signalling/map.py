"""MAP's short message operations in versions 1, 2 and 3 (TS 29.002), on pycrate's types."""

from pycrate_asn1dir import MAP, MAPv2
from pycrate_mobile.TS29002_MAPIE import AddressString
from pycrate_mobile.TS24008_IE import BufBCD

V3 = MAP.MAP_SM_DataTypes
V2 = MAPv2.MAPv2_SM_DataTypes
ERRORS = MAP.MAP_ER_DataTypes
ERRORS_V2 = MAPv2.MAPv2_ER_DataTypes
ISDN = MAP.MAP_CommonDataTypes.ISDN_AddressString

SRI, MT, FORWARD, REPORT, ALERT_V1, INFORM, ALERT = 45, 44, 46, 47, 49, 63, 64
NAMES = {
    SRI: "sendRoutingInfoForSM",
    MT: "mt-forwardSM",
    FORWARD: "forwardSM",
    REPORT: "reportSM-DeliveryStatus",
    ALERT_V1: "alertServiceCentreWithoutResult",
    INFORM: "informServiceCentre",
    ALERT: "alertServiceCentre",
}
# Application contexts of each procedure, without their version.
GATEWAY, MO, ALERTING, MT_RELAY = 20, 21, 23, 25
ARGUMENTS = {
    (SRI, 3): V3.RoutingInfoForSM_Arg,
    (SRI, 2): V2.RoutingInfoForSM_Arg,
    (MT, 3): V3.MT_ForwardSM_Arg,
    (FORWARD, 3): V3.MO_ForwardSM_Arg,
    (FORWARD, 2): V2.ForwardSM_Arg,
    (REPORT, 3): V3.ReportSM_DeliveryStatusArg,
    (REPORT, 2): V2.ReportSM_DeliveryStatusArg,
    (ALERT, 2): V2.AlertServiceCentreArg,
    (ALERT_V1, 2): V2.AlertServiceCentreArg,
    (INFORM, 3): V3.InformServiceCentreArg,
    (INFORM, 2): V2.InformServiceCentreArg,
}


def context(procedure, version):
    """The application context's object identifier."""
    return (0, 4, 0, 0, 1, 0, procedure, version)


def ber(kind, value):
    """The octets of a value."""
    kind.set_val(value)
    return kind.to_ber()


def address(digits, nature=1, plan=1):
    """The octets of an AddressString."""
    made = AddressString()
    made.set_val({"NumType": nature, "NumPlan": plan})
    made["Num"].get_alt().encode(digits)
    return made.to_bytes()


def digits(octets):
    """The digits of an AddressString."""
    read = AddressString()
    read.from_bytes(octets)
    return read["Num"].get_alt().decode()


def tbcd(number):
    """The octets of an IMSI."""
    made = BufBCD("IMSI")
    made.encode(number)
    return made.to_bytes()


def untbcd(octets):
    """The digits of an IMSI."""
    read = BufBCD("IMSI")
    read.from_bytes(octets)
    return read.decode()


def _kind(operation, version):
    # Version 1 writes the arguments that it has as version 2 does.
    return ARGUMENTS[(operation, max(version, 2))]


def argument(operation, version, value):
    """The octets of an argument."""
    return ber(_kind(operation, version), value)


def read_argument(operation, version, octets):
    """An argument's value; an argument that encodes to other octets is none of ours."""
    kind = _kind(operation, version)
    kind.from_ber(octets)
    value = kind.get_val()
    if kind.to_ber() != octets:
        raise ValueError(f"{NAMES[operation]} v{version} is not canonical: {octets.hex()}")
    return value


def routing_result(version, imsi, answer):
    """The HLR's answer: where the phone is."""
    node = address(answer["node"])
    location = {"lmsi": bytes.fromhex(answer["lmsi"])} if "lmsi" in answer else {}
    if version < 3:
        location["locationInfo"] = ("msc-Number", node)
        value = {"imsi": tbcd(imsi), "locationInfoWithLMSI": location}
        if "waits" in answer:
            value["mwd-Set"] = answer["waits"]
        return ber(V2.RoutingInfoForSM_Res, value)
    location["networkNode-Number"] = node
    if answer.get("packets"):
        location["gprsNodeIndicator"] = 0
    if "additional" in answer:
        kind, number = answer["additional"]
        location["additional-Number"] = (f"{kind}-Number", address(number))
    return ber(V3.RoutingInfoForSM_Res, {"imsi": tbcd(imsi), "locationInfoWithLMSI": location})


def forward_result(version, answer):
    """A node's answer: empty but for what the phone says in version 3."""
    if version < 3 or not answer:
        return None
    return ber(V3.MT_ForwardSM_Res, {"sm-RP-UI": bytes.fromhex(answer["ui"])})


def report_result(version, number):
    """The HLR has taken note."""
    if version == 1:
        return None
    if version == 2:
        return ber(ISDN, address(number))
    return ber(V3.ReportSM_DeliveryStatusRes, {"storedMSISDN": address(number)})


def inform(version, number, answer):
    """informServiceCentre: the flags of the messages that wait."""
    bits = sum(1 << (5 - bit) for bit in answer.get("status", []))
    value = {"storedMSISDN": address(answer.get("stored", number)), "mw-Status": (bits, 6)}
    return argument(INFORM, version, value)


CAUSES = [
    "memoryCapacityExceeded",
    "equipmentProtocolError",
    "equipmentNotSM-Equipped",
    "unknownServiceCentre",
    "sc-Congestion",
    "invalidSME-Address",
    "subscriberNotSC-Subscriber",
]


def error(code, version, answer):
    """The octets of an error's parameter, or None where the version gives it none."""
    if code == 32:
        cause = CAUSES[answer["cause"]]
        if version == 1:
            return ber(ERRORS_V2.SM_EnumeratedDeliveryFailureCause, cause)
        value = {"sm-EnumeratedDeliveryFailureCause": cause}
        if "report" in answer:
            value["diagnosticInfo"] = bytes.fromhex(answer["report"])
        return ber(ERRORS.SM_DeliveryFailureCause, value)
    if code == 34:
        if version < 3:
            return ber(ERRORS.SystemFailureParam, ("networkResource", "hlr"))
        return ber(ERRORS.SystemFailureParam, ("extensibleSystemFailureParam", {"networkResource": "vlr"}))
    if code == 13 and version < 3:
        return ber(ERRORS.CallBarredParam, ("callBarringCause", "operatorBarring"))
    if code == 13:
        value = {"callBarringCause": "barringServiceActive"}
        return ber(ERRORS.CallBarredParam, ("extensibleCallBarredParam", value))
    if code == 6 and "diagnostic" in answer:
        return ber(ERRORS.AbsentSubscriberSM_Param, {"absentSubscriberDiagnosticSM": answer["diagnostic"]})
    if code == 27 and version == 1 and "waits" in answer:
        return ber(MAPv2.MAPv2_Errors.Mwd_Set, answer["waits"])
    return None


def user_abort(reason):
    """What MAP says beside an abort, or None if it says nothing."""
    choices = {
        "specific": ("userSpecificReason", 0),
        "limited": ("userResourceLimitation", 0),
        "unavailable": ("resourceUnavailable", "shortTermResourceLimitation"),
    }
    if reason not in choices:
        return None
    value = ("map-userAbort", {"map-UserAbortChoice": choices[reason]})
    return ber(MAP.MAP_DialogueInformation.MAP_DialoguePDU, value)


def read_error(code, octets):
    """An error of the centre: its parameter for the test to check."""
    if octets is None:
        return {}
    if code == 32:
        return _delivery_failure(octets)
    kind = {34: ERRORS.SystemFailureParam, 36: ERRORS.UnexpectedDataParam, 21: ERRORS.FacilityNotSupParam}
    kind = kind.get(code)
    if kind is None:
        return {"octets": octets.hex()}
    kind.from_ber(octets)
    return {"value": kind.get_val()}


def _delivery_failure(octets):
    if octets[0] == 0x0A:
        kind = ERRORS_V2.SM_EnumeratedDeliveryFailureCause
        kind.from_ber(octets)
        return {"cause": kind.get_val()}
    kind = ERRORS.SM_DeliveryFailureCause
    kind.from_ber(octets)
    value = kind.get_val()
    return {"cause": value["sm-EnumeratedDeliveryFailureCause"], "report": value.get("diagnosticInfo")}
