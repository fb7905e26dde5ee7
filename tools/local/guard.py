"""MiniStack behind a guard: `python guard.py`, with GATEWAY_PORT and EMULATOR_ACCESS_KEY_ID in the environment.

MiniStack itself answers any web page: it allows every origin, needs no credentials, and can start processes. The guard
forwards the calls that Orderflow needs and refuses all others with 403:

- `POST /` of four services, signed with this run's access key id, from a client that is not a browser;
- `GET /_ministack/health`, which shows that MiniStack is up.

The key id is as long as a secret and compared as one. The signature is not verified: it travels with the key id, so
anyone who can read one has the other, and test proxies that change requests would have to sign again. See
docs/adr/0022-emulator-guard.md.
"""

import asyncio
import hmac
import json
import os
import re
from email.utils import formatdate

SERVICES = ("cloudformation", "dynamodb", "events", "sqs")
HEALTH = b"/_ministack/health"
# With DNS rebinding, a page sends its own name.
LOOPBACK = re.compile(rb"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
SIGNED_BY = re.compile(rb"AWS4-HMAC-SHA256 +Credential=([^/,\s]+)/\d{8}/[a-z0-9-]+/([a-z]+)/aws4_request *,.+")
HOW_TO = 'To use the AWS CLI or an SDK: eval "$(npm run local --silent -- --env)"'


def refusal(scope, key):
    """Returns the AWS error code and the reason of a refusal, or None when the request may continue."""
    headers = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.lower(), []).append(value.strip())

    if b"origin" in headers or any(name.startswith(b"sec-fetch-") for name in headers):
        return "AccessDeniedException", "The emulator does not answer browsers (Origin, Sec-Fetch-*)."
    hosts = headers.get(b"host", [])
    # Over HTTP/2 a request may name two hosts, and no client of an emulator uses it.
    if scope["http_version"] != "1.1" or len(hosts) != 1 or not LOOPBACK.fullmatch(hosts[0]):
        return "AccessDeniedException", "The emulator answers HTTP/1.1 with a Host of 127.0.0.1, localhost or [::1]."

    target = (scope["method"], scope["raw_path"], scope["query_string"])
    if target == ("GET", HEALTH, b""):
        return None
    if target != ("POST", b"/", b""):
        return "AccessDeniedException", f"The emulator serves only POST / of {', '.join(SERVICES)}."
    signatures = headers.get(b"authorization", [])
    signed = SIGNED_BY.fullmatch(signatures[0]) if len(signatures) == 1 else None
    if signed is None:
        return "MissingAuthenticationTokenException", f"The request is not signed. {HOW_TO}"
    key_id, service = signed.groups()
    if not hmac.compare_digest(key_id, key):
        return "UnrecognizedClientException", f"This is not the access key of the emulator that runs. {HOW_TO}"
    if service.decode() not in SERVICES:
        return "AccessDeniedException", f"The emulator serves only {', '.join(SERVICES)}."
    return None


async def refuse(send, code, reason):
    body = json.dumps({"__type": code, "message": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"x-amzn-errortype", code.encode()),
        (b"date", formatdate(usegmt=True).encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def without_cors(send):
    """MiniStack's answers allow every origin, which none of our clients needs."""

    async def send_without(message):
        if message["type"] == "http.response.start":
            headers = [header for header in message["headers"] if not header[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return send_without


def guard(app, key):
    async def guarded(scope, receive, send):
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif scope["type"] == "http":
            refused = refusal(scope, key)
            if refused is None:
                await app(scope, receive, without_cors(send))
            else:
                await refuse(send, *refused)
        elif scope["type"] == "websocket":
            # Before it is accepted, this is a 403.
            await send({"type": "websocket.close", "code": 1008})

    return guarded


def main():
    port = int(os.environ["GATEWAY_PORT"])
    key = os.environ.pop("EMULATOR_ACCESS_KEY_ID").encode()
    if len(key) < 20:
        raise SystemExit("EMULATOR_ACCESS_KEY_ID must be random, and 20 characters or more.")
    # MiniStack reads these on import.
    os.environ.update(
        SERVICES=",".join(SERVICES),
        # A Lambda function runs in a container or not at all, never as a process of this machine.
        LAMBDA_STRICT="1",
        # These services would open listeners that the guard does not cover.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
    )
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    try:
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (ImportError, ValueError, OSError):
        pass

    # Like MiniStack's own start.
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "ERROR")
    asyncio.run(serve(guard(app, key), config, mode="asgi"))


if __name__ == "__main__":
    main()
