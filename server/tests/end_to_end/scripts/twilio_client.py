"""An application made with the Twilio library, and its webhook.

Says the URL of its webhook on the first line; reads the first line of `fernpost lab --json`
on standard input, and then tries everything."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import smpplib.client
import smpplib.consts
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse

PATIENCE = 30


class Webhook(BaseHTTPRequestHandler):
    """Keeps each request and answers with TwiML of the library."""

    requests = []

    def do_POST(self):
        octets = self.rfile.read(int(self.headers["Content-Length"]))
        form = dict(parse_qsl(octets.decode(), keep_blank_values=True))
        self.requests.append((self.path, form, self.headers.get("X-Twilio-Signature", "")))
        reply = MessagingResponse()
        if self.path.startswith("/sms"):
            reply.message(f"You said: {form.get('Body')}")
        body = str(reply).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class ToLab(TwilioHttpClient):
    """Sends what is meant for Twilio's host to the lab."""

    def __init__(self, base_url):
        super().__init__()
        self.base_url = base_url

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", self.base_url), *args, **kwargs)


def wait(found, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"no {what} in {PATIENCE} s; got {[form for _, form, _ in Webhook.requests]}")


def submit(lab, text):
    """One message from an ESME to the application's number; returns a client that goes on listening."""
    received = []
    esme = smpplib.client.Client(lab["smpp"]["host"], lab["smpp"]["port"], timeout=0.5)
    esme.set_message_received_handler(lambda pdu: received.append(pdu.short_message) or 0)
    esme.set_message_sent_handler(lambda pdu: None)
    esme.connect()
    esme.bind_transceiver(system_id=lab["smpp"]["system_id"], password=lab["smpp"]["password"])
    esme.send_message(
        source_addr_ton=0, source_addr_npi=1, source_addr=lab["smpp"]["address"],
        dest_addr_ton=1, dest_addr_npi=1, destination_addr=lab["api"]["number"].lstrip("+"),
        short_message=text.encode(),
    )

    def listen():
        while True:
            try:
                esme.read_once()
            except TimeoutError:
                pass
            except Exception:
                return

    threading.Thread(target=listen, daemon=True).start()
    return received


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    print(f"{base}/sms?channel=a%20b&x=", flush=True)
    lab = json.loads(sys.stdin.readline())

    sid, token = lab["api"]["account_sid"], lab["api"]["auth_token"]
    number, to = lab["api"]["number"], lab["smpp"]["address"]
    client = Client(sid, token, http_client=ToLab(lab["http"]["base_url"]))
    validator = RequestValidator(token)

    def signed(path, form, signature):
        return validator.validate(base + path, form, signature)

    # An incoming message: the webhook is signed, and its TwiML is a reply.
    replies = submit(lab, "ping + & = %")
    path, form, signature = wait(
        lambda: next((r for r in Webhook.requests if r[1].get("Body") == "ping + & = %"), None), "webhook"
    )
    assert signed(path, form, signature), "the library refuses our signature"
    assert not signed(path, form | {"Body": "forged"}, signature), "the library would accept anything"
    assert (form["From"], form["To"], form["AccountSid"]) == (to, number, sid), form
    assert form["MessageSid"].startswith("SM") and form["NumMedia"] == "0" and form["NumSegments"] == "1", form
    wait(lambda: b"You said: ping + & = %" in replies, "reply")

    # An outgoing message, with its status callbacks.
    created = client.messages.create(from_=number, to=to, body="hello", status_callback=f"{base}/status")
    assert created.sid.startswith("SM") and len(created.sid) == 34, created.sid
    assert created.status in ("queued", "accepted", "sending"), created.status
    assert (created.direction, created.num_segments, created.error_code) == ("outbound-api", "1", None)
    wait(lambda: b"hello" in replies, "message at the ESME")
    fetched = wait(
        lambda: (m := client.messages(created.sid).fetch()).status in ("sent", "delivered") and m, "status sent"
    )
    assert (fetched.body, fetched.from_, fetched.to) == ("hello", number, to)
    assert fetched.date_created and fetched.date_created.tzinfo, fetched.date_created
    path, form, signature = wait(
        lambda: next((r for r in Webhook.requests if r[1].get("MessageStatus") == "sent"), None), "status callback"
    )
    assert form["MessageSid"] == created.sid and signed(path, form, signature), form

    # Lists: newest first, in pages that the library follows.
    bodies = [f"number {n}" for n in range(7)]
    for body in bodies:
        client.messages.create(from_=number, to=to, body=body)
    listed = client.messages.list(page_size=2, to=to)
    ours = [message.body for message in listed if message.body.startswith("number ")]
    assert ours == bodies[::-1], ours
    assert len({message.sid for message in listed}) == len(listed), "a page repeats a message"
    assert len(client.messages.list(limit=3)) == 3

    # Errors are the library's exceptions with Twilio's codes.
    for arguments, status, code in [
        ({"to": to, "body": "x"}, 400, 21603),
        ({"from_": number, "body": "x"}, 400, 21604),
        ({"from_": number, "to": to}, 400, 21602),
        ({"from_": number, "to": "+1", "body": "x"}, 400, 21211),
    ]:
        try:
            if "to" in arguments:
                client.messages.create(**arguments)
            else:
                client.messages.create(to="", **arguments)
            raise AssertionError(f"{arguments} was accepted")
        except TwilioRestException as refused:
            assert (refused.status, refused.code) == (status, code), (arguments, refused)
    try:
        client.messages("SM" + "0" * 32).fetch()
        raise AssertionError("a message that does not exist was found")
    except TwilioRestException as refused:
        assert (refused.status, refused.code) == (404, 20404), refused
    try:
        Client(sid, "wrong", http_client=ToLab(lab["http"]["base_url"])).messages(created.sid).fetch()
        raise AssertionError("a wrong token was accepted")
    except TwilioRestException as refused:
        assert (refused.status, refused.code) == (401, 20003), refused

    # Redaction and removal.
    assert client.messages(created.sid).update(body="").body == ""
    assert client.messages(created.sid).delete()
    print("all well")


main()
