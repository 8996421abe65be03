"""Drives the API with Twilio's own Python library, unchanged but for its base URL.

Takes the base URL, account, token and two numbers of the account as arguments. A small application of
its own answers the webhooks and checks their signatures with the library's RequestValidator.
"""

import datetime
import http.server
import sys
import threading
import time
import urllib.parse

try:
    from twilio.base.exceptions import TwilioRestException
    from twilio.request_validator import RequestValidator
    from twilio.rest import Client
    from twilio.twiml.messaging_response import MessagingResponse
except ImportError:
    print("SKIPPED field: twilio python library missing")
    sys.exit(3)

base_url, account_sid, auth_token, number, other_number = sys.argv[1:6]
validator = RequestValidator(auth_token)
requests = []


class Application(http.server.BaseHTTPRequestHandler):
    def answer(self, params):
        url = f"http://127.0.0.1:{self.server.server_port}{self.path}"
        signature = self.headers["X-Twilio-Signature"]
        requests.append((self.path, params, validator.validate(url, params, signature)))
        twiml = MessagingResponse()
        if self.path.startswith("/sms") and "ping" in params.get("Body", ""):
            twiml.message("pong é €")
        body = str(twiml).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(dict(urllib.parse.parse_qsl(form, keep_blank_values=True)))

    def do_GET(self):
        self.answer({})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
threading.Thread(target=server.serve_forever, daemon=True).start()
application = f"http://127.0.0.1:{server.server_port}"

client = Client(account_sid, auth_token)
client.api.base_url = base_url


def until(condition, what):
    for _ in range(200):
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"timed out: {what}")


def refused(code, status, action):
    try:
        action()
    except TwilioRestException as error:
        assert (error.code, error.status) == (code, status), (error.code, error.status, error.msg)
        return
    raise AssertionError(f"{code} was expected")


# Account and numbers.
account = client.api.v2010.accounts(account_sid).fetch()
assert (account.status, account.friendly_name) == ("active", "Acme")
numbers = {each.phone_number: each for each in client.incoming_phone_numbers.list()}
assert set(numbers) == {number, other_number}, numbers
mine = numbers[number].update(sms_url=f"{application}/sms?a=1&b=%20x#rc=0", sms_method="POST")
assert mine.sms_method == "POST" and mine.capabilities["sms"], mine
numbers[other_number].update(sms_url=f"{application}/get?odd=%C3%BC", sms_method="GET")
bought = client.incoming_phone_numbers.create(phone_number="+4915200000001", friendly_name="new")
assert client.incoming_phone_numbers(bought.sid).fetch().friendly_name == "new"
assert len(client.incoming_phone_numbers.list(page_size=1)) == 3
assert [each.sid for each in client.incoming_phone_numbers.list(phone_number="+4915200000001")] == [bought.sid]
assert bought.delete()
refused(20404, 404, client.incoming_phone_numbers(bought.sid).fetch)
refused(21422, 400, lambda: client.incoming_phone_numbers.create(phone_number="+4917000000001"))

# A message to the world, with its status callbacks.
sent = client.messages.create(
    to="+4915112345678", from_=number, body="Grüße & 100 %", status_callback=f"{application}/status?x=1"
)
assert (sent.status, sent.direction, sent.num_segments, sent.num_media) == ("queued", "outbound-api", "1", "0")
assert (sent.price, sent.error_code, sent.messaging_service_sid) == (None, None, None)
until(lambda: client.messages(sent.sid).fetch().status == "delivered", "delivered")
statuses = until(
    lambda: (lambda told: told if len(told) == 2 else None)(
        [params["MessageStatus"] for path, params, _ in requests if path.startswith("/status")]
    ),
    "status callbacks",
)
assert statuses == ["sent", "delivered"], statuses
fetched = client.messages(sent.sid).fetch()
assert fetched.body == "Grüße & 100 %" and fetched.date_sent.tzinfo is not None, fetched

# A message from the world: told, answered, and the answer told to the other number's application.
client.messages.create(to=number, from_=other_number, body="ping ß")
told = until(lambda: next((each for each in requests if each[0].startswith("/sms")), None), "webhook")
assert told[1]["Body"] == "ping ß" and told[1]["SmsStatus"] == "received", told
assert told[1]["SipHeader_X-SMS-CODING"] == "0", told
until(lambda: any(path.startswith("/get") for path, _, _ in requests), "webhook by GET")
assert all(valid for _, _, valid in requests), requests
pair = client.messages.list(from_=number, to=other_number)
assert [each.direction for each in pair] == ["inbound", "outbound-reply"], pair
assert {each.body for each in pair} == {"pong é €"}, pair

# Lists: filters, pages, dates.
for count in range(7):
    client.messages.create(to="+4915187654321", from_=number, body=f"number {count}")
paged = client.messages.list(to="+4915187654321", page_size=3)
assert [each.body for each in paged] == [f"number {count}" for count in reversed(range(7))], paged
page = client.messages.page(to="+4915187654321", page_size=3)
later = page.next_page()
assert [each.body for each in later] == ["number 3", "number 2", "number 1"]
assert [each.body for each in later.previous_page()] == ["number 6", "number 5", "number 4"]
until(lambda: all(each.status == "delivered" for each in client.messages.list(to="+4915187654321")), "all sent")
today = datetime.datetime.now(datetime.timezone.utc).date()
tomorrow = today + datetime.timedelta(days=1)
assert len(client.messages.list(to="+4915187654321", date_sent_after=today, date_sent_before=tomorrow)) == 7
assert client.messages.list(date_sent_after=tomorrow) == []
assert client.messages(sent.sid).media.list() == []

# Changes and refusals.
assert client.messages(sent.sid).update(body="").body == ""
refused(30409, 409, lambda: client.messages(sent.sid).update(status="canceled"))
assert client.messages(sent.sid).delete()
refused(20404, 404, client.messages(sent.sid).fetch)
send = client.messages.create
refused(21211, 400, lambda: send(to="12", from_=number, body="x"))
refused(21612, 400, lambda: send(to="+999123456789", from_=number, body="x"))
refused(21606, 400, lambda: send(to="+4915112345678", from_="+4915100000009", body="x"))
refused(21602, 400, lambda: send(to="+4915112345678", from_=number))
refused(21617, 400, lambda: send(to="+4915112345678", from_=number, body="x" * 1601))
stranger = Client(account_sid, "wrong")
stranger.api.base_url = base_url
refused(20003, 401, lambda: stranger.messages.create(to="+4915112345678", from_=number, body="x"))
print("OK")
