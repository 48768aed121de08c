"""Readings on their way to others: the journal's outbox, drained to MQTT or a webhook.

publisher   takes what waits, in order, until it has arrived; at least once
mqtt        a broker: QoS 1, TLS, a retained status with a last will
discovery   how Home Assistant learns of the kiosk
webhook     an HTTPS address: signed POSTs with an idempotency key
receivers   both of them, as the settings say
message     what is sent
"""
