"""An ESME made with smpplib: binds to a lab, sends to the application's number and gets its
receipt; what it sent is at the application; what is sent to it by the API arrives.

Usage: smpp_client.py LAB, the first line of `fernpost lab --json`."""

import base64
import json
import sys
import time
import urllib.parse
import urllib.request

import smpplib.client
import smpplib.consts
import smpplib.gsm

PATIENCE = 30


class Esme:
    """A transceiver that keeps what it is told."""

    def __init__(self, smpp):
        self.ids, self.received = {}, []
        self.client = smpplib.client.Client(smpp["host"], smpp["port"], timeout=0.2)
        self.client.set_message_sent_handler(self.sent)
        self.client.set_message_received_handler(self.take)
        self.client.connect()
        self.client.bind_transceiver(system_id=smpp["system_id"], password=smpp["password"])

    def sent(self, pdu):
        assert pdu.status == smpplib.consts.SMPP_ESME_ROK, pdu.status
        self.ids[pdu.sequence] = pdu.message_id

    def take(self, pdu):
        self.received.append(pdu)
        return 0

    def submit(self, source, destination, text):
        """Sends all parts of a text; returns the message ids."""
        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        sequences = []
        for part in parts:
            pdu = self.client.send_message(
                source_addr_ton=ton(source),
                source_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                source_addr=source.lstrip("+"),
                dest_addr_ton=ton(destination),
                dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                destination_addr=destination.lstrip("+"),
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
            )
            sequences.append(pdu.sequence)
        self.wait(lambda: all(sequence in self.ids for sequence in sequences), "submit_sm_resp")
        return [text_of(self.ids[sequence]) for sequence in sequences]

    def wait(self, done, what):
        """Reads until `done`."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, f"no {what} in {PATIENCE} s"
            try:
                self.client.read_once(ignore_error_codes=[])
            except TimeoutError:
                pass

    def receipts(self):
        """The state of each message by its id."""
        states = {}
        for pdu in self.received:
            if pdu.esm_class & 0x3C == 0x04:
                fields = text_of(pdu.short_message)
                state = fields.split("stat:")[1][:7]
                states[text_of(pdu.receipted_message_id)] = (state, pdu.message_state)
                assert f"id:{text_of(pdu.receipted_message_id)} " in fields, fields
        return states


def ton(address):
    return smpplib.consts.SMPP_TON_INTL if address.startswith("+") else smpplib.consts.SMPP_TON_UNK


def text_of(octets):
    """smpplib leaves some fields as octets, with their NUL."""
    return octets.decode("ascii").rstrip("\0") if isinstance(octets, bytes) else octets


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def post(lab, form):
    api = lab["api"]
    url = f"{lab['http']['base_url']}/2010-04-01/Accounts/{api['account_sid']}/Messages.json"
    request = urllib.request.Request(url, urllib.parse.urlencode(form).encode())
    login = f"{api['account_sid']}:{api['auth_token']}".encode()
    request.add_header("Authorization", "Basic " + base64.b64encode(login).decode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201, answer.status
        return json.load(answer)


def at_application(lab, body):
    """Waits until the application has got `body`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for one in get(lab["webhook"]["received_url"]):
            if one["params"].get("Body") == body:
                return one["params"]
        time.sleep(0.1)
    raise AssertionError(f"{body!r} is not at the application")


def main():
    lab = json.loads(sys.argv[1])
    esme = Esme(lab["smpp"])
    own, number = lab["smpp"]["address"], lab["api"]["number"]

    long_text = "A long text. " * 20
    for body in ["plain", "Grüße, 1 € [x]", "Привет", long_text.strip()]:
        ids = esme.submit(own, number, body)
        esme.wait(lambda: all(i in esme.receipts() for i in ids), f"receipt for {body[:12]!r}")
        for message_id in ids:
            state, number_of_state = esme.receipts()[message_id]
            assert (state, number_of_state) == ("DELIVRD", 2), (state, number_of_state)
        params = at_application(lab, body)
        assert params["From"] == own, params["From"]
        assert params["To"] == number, params["To"]
        print("delivered and receipted:", ascii(body[:20]))

    created = post(lab, {"From": number, "To": own, "Body": "from the API"})
    arrived = lambda: any(text_of(pdu.short_message) == "from the API" for pdu in esme.received)
    esme.wait(arrived, "message of the API")
    print("arrived:", created["sid"][:2])

    esme.client.unbind()
    esme.client.disconnect()


main()
