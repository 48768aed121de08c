"""The kiosk: a page to write on or to show envelopes to, and the HTTP API behind it.

settings      what a kiosk is set to
service       the kiosk itself: reads, keeps, tells; `lanes` are its threads, `store` its journal
hub           events from any thread to every page that listens; slow ones lose some
preview       what the camera sees, as JPEG
app           the ASGI application, put together
readings      the routes of readings; `resource`, `schemas` and `table` say what they look like
watching      the routes of settings, events and preview; `streams` are responses without an end
security      Host, Origin, token and headers; `uploads` limits bodies and images
problems      errors as RFC 9457 has them
health        /health and /metrics; `metrics` counts
manual        /docs, made of the OpenAPI document
serving       uvicorn, stopped quickly whatever is open; `memory` keeps the process small
page/         the page itself, plain files
"""
