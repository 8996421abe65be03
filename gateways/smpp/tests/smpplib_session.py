"""An ESME by the Python library smpplib: binds, submits with a receipt asked for, gets the
message back at a second bind, and gets its receipt. Prints one line when all of it held."""

import sys
import time

import smpplib.client
import smpplib.consts
import smpplib.gsm

HOST, PORT = sys.argv[1], int(sys.argv[2])
TEXT = "Grüße @ £5 from smpplib, long enough to need two segments. " * 4


def bound(system_id):
    client = smpplib.client.Client(HOST, PORT, allow_unknown_opt_params=True, timeout=10)
    client.connect()
    client.bind_transceiver(system_id=system_id, password="secret")
    return client


def read_until(client, done):
    """Reads PDUs until done() is true."""
    end = time.monotonic() + 10
    while not done():
        if time.monotonic() > end:
            sys.exit("nothing came for 10 s")
        client.read_once()


def main():
    answered, delivered, receipts = [], [], []
    acme, sink = bound("acme"), bound("sink")
    acme.set_message_sent_handler(lambda pdu: answered.append(pdu.message_id))
    acme.set_message_received_handler(lambda pdu: receipts.append(pdu) or 0)
    sink.set_message_received_handler(lambda pdu: delivered.append(pdu) or 0)

    parts, encoding, udhi = smpplib.gsm.make_parts(TEXT)
    for part in parts:
        acme.send_message(
            source_addr_ton=smpplib.consts.SMPP_TON_INTL,
            source_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            source_addr="4917000001",
            dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
            dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
            destination_addr="4915112345678",
            short_message=part,
            data_coding=encoding,
            esm_class=udhi,
            registered_delivery=True,
        )
    read_until(acme, lambda: len(answered) == len(parts))
    read_until(sink, lambda: len(delivered) == len(parts))
    read_until(acme, lambda: len(receipts) == len(parts))

    assert sorted(pdu.short_message for pdu in delivered) == sorted(parts), "the parts came as they went"
    ids = {message_id.decode() for message_id in answered}
    told = {receipt.receipted_message_id.decode() for receipt in receipts}
    assert told == ids, (told, ids)
    for receipt in receipts:  # esm_class 4: a delivery receipt
        assert receipt.esm_class == 0x04
        assert receipt.message_state == smpplib.consts.SMPP_MESSAGE_STATE_DELIVERED
        assert b" stat:DELIVRD err:000 " in receipt.short_message, receipt.short_message

    acme.query_message(
        message_id=answered[0].decode(),
        source_addr_ton=smpplib.consts.SMPP_TON_INTL,
        source_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
        source_addr="4917000001",
    )
    queried = []
    acme.set_query_resp_handler(queried.append)
    read_until(acme, lambda: queried)
    assert queried[0].message_state == smpplib.consts.SMPP_MESSAGE_STATE_DELIVERED

    for client in (acme, sink):
        client.unbind()
        client.disconnect()
    print(f"smpplib: {len(parts)} parts, {len(receipts)} receipts")


main()
