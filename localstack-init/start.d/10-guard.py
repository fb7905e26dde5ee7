"""Refuses what a web page can send to this LocalStack, which itself checks only Origin and Referer.

LocalStack runs this file in its own interpreter before it listens. The guard sees every request first:

- Host must be an address or a known name. DNS rebinding needs a name in the attacker's DNS.
- Requests with Origin or Sec-Fetch-Site come from a browser and are refused.
- A call must have a signature, with any key. A page cannot add one without a preflight, and an image or form never can:
  SQS would accept `GET /?Action=PurgeQueue` from it. Only LocalStack's state can be read unsigned.
"""

import ipaddress
import os
import re

# LocalStack's own name for itself, and its name in Compose.
NAMES = ("localhost", "localstack")
AUTHORITY = re.compile(r"(?:\[([\da-f:.]+)\]|([a-z\d._-]+))(?::\d{0,5})?", re.ASCII | re.IGNORECASE)
ABSOLUTE_FORM = re.compile(r"[a-z]+://([^/?#]*)", re.IGNORECASE)
BROWSER_HEADERS = ("Origin", "Sec-Fetch-Site")
SIGNATURE = "AWS4-HMAC-SHA256 "
# Read by health checks.
UNSIGNED_READS = re.compile(r"/_localstack/(?:health|init(?:/\w+)?)")


def is_address(text, kind):
    try:
        kind(text)
        return True
    except ValueError:
        return False


def is_own_host(authority):
    match = AUTHORITY.fullmatch(authority)
    if not match:
        return False
    bracketed, name = match.groups()
    if bracketed:
        return is_address(bracketed, ipaddress.IPv6Address)
    return is_address(name, ipaddress.IPv4Address) or name.lower().removesuffix(".") in NAMES


def refusal(method, target, path, headers):
    """Returns the status and reason of a refusal, or None when the request may continue."""
    hosts = headers.getlist("Host")
    if len(hosts) != 1:
        return 400, "a request must have a Host header, and no more than one"
    absolute = ABSOLUTE_FORM.match(target)
    if absolute:
        hosts.append(absolute[1])
    if len({host.lower() for host in hosts}) > 1 or not is_own_host(hosts[0]):
        return 421, "the Host header is neither an address nor a name of this LocalStack"
    if any(name in headers for name in BROWSER_HEADERS) or "websocket" in headers.get("Upgrade", "").lower():
        return 403, "requests of web pages are refused"
    if method in ("GET", "HEAD") and UNSIGNED_READS.fullmatch(path):
        return None
    if not headers.get("Authorization", "").startswith(SIGNATURE):
        return 403, "the request is not signed; any access key will do"
    return None


def guard(chain, context, response):
    request = context.request
    refused = refusal(request.method, request.environ["RAW_URI"], request.path, request.headers)
    if refused:
        response.status_code, message = refused
        response.set_json({"__type": "AccessDeniedException", "message": f"orderflow: {message}"})
        chain.terminate()


def render_as_http(resource, request):
    """Replaces LocalStack's WebSocket handling: to refuse one, it writes from the wrong thread and hangs later."""
    return resource.original.render(request)


try:
    from localstack.runtime import get_current_runtime
    from rolo.serving.twisted import WebsocketResourceDecorator

    WebsocketResourceDecorator.render = render_as_http
    get_current_runtime().components.gateway.request_handlers.insert(0, guard)
except Exception as error:
    # LocalStack would only log the error and continue unguarded.
    print(f"orderflow: NOT GUARDED, so LocalStack ends: {error!r}", flush=True)
    os._exit(1)
