"""The kiosk: a page to write on or to show envelopes to, and the HTTP API behind it.

settings      what a kiosk is set to
service       the kiosk itself: recognition in threads, the journal, what is told to whom
hub           events from any thread to every page that listens; slow ones lose some
app           the ASGI application, put together
readings      the routes of readings; `resource` and `schemas` say what they look like
streams       responses that never end: events and the camera's preview
security      Host, Origin, token and headers; `uploads` limits bodies and images
problems      errors as RFC 9457 has them
health        /health and /metrics; `metrics` counts
manual        /docs, made of the OpenAPI document
serving       uvicorn, stopped quickly whatever is open
page/         the page itself, plain files
"""
