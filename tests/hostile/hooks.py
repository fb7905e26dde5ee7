"""What openapi.json cannot say about a valid request, given to schemathesis (SCHEMATHESIS_HOOKS=hooks).

Requests that are meant to be valid are corrected just before they are sent. The others stay unchanged.
"""

import hashlib
import json
import os
import random
from decimal import ROUND_HALF_UP, Decimal

import schemathesis

MOST_REMEMBERED = 200
# This order ends FAILED and can be replayed; other orders cannot.
FAILS_ALWAYS = "test-fails-always"

caller = os.environ.get("CALLER", "")
# The id of the customer that sends the requests. It may name itself only.
customer = "orderflow-checkout" if caller == "customer" else None

# Orders that failed before the run: each can be replayed once. The others fail once a worker has handled them.
failed_ids = os.environ.get("FAILED_ORDERS", "").split()
order_ids: list[str] = [] if customer else list(failed_ids)
failing_ids: list[str] = []
notification_ids: list[str] = []
cursors: list[tuple[str, str | None]] = []


def remember(values, value):
    values.append(value)
    if len(values) > MOST_REMEMBERED:
        values.pop(0)


def is_fuzzing(case):
    """The phase in which every operation must succeed at least once."""
    return case.meta.phase.name.value == "fuzzing"


def chooser(case):
    """Makes the same choice for the same case, so that a failure can be repeated."""
    text = json.dumps([case.path, case.query, case.body], default=repr, sort_keys=True)
    return random.Random(text)


def correct_total(body):
    """Prices have at most two decimals, and the total is the sum of the lines."""
    total = Decimal(0)
    for item in body["items"]:
        price = Decimal(repr(item["unitPrice"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
        item["unitPrice"] = float(price)
        total += price * int(item["quantity"])
    body["totalAmount"] = float(total)


def correct_texts(value):
    """A text needs a visible character, which a portable pattern cannot express."""
    if isinstance(value, dict):
        return {name: correct_texts(child) for name, child in value.items()}
    if isinstance(value, list):
        return [correct_texts(child) for child in value]
    if isinstance(value, str) and not any(letter.isascii() and letter.isalnum() for letter in value):
        return "x" + value[1:]
    return value


def correct_idempotency_key(case):
    """A key belongs to one request: each body has its own key."""
    name = next((name for name in case.headers if name.lower() == "idempotency-key"), None)
    if name is not None:
        text = json.dumps([case.headers[name], case.body], sort_keys=True)
        case.headers[name] = hashlib.sha256(text.encode()).hexdigest()


def correct_query(case, chance):
    """A cursor comes from an earlier answer and belongs to that request's filter."""
    if "cursor" not in case.query:
        return
    del case.query["cursor"]
    if cursors:
        cursor, customer_id = chance.choice(cursors)
        case.query["cursor"] = cursor
        case.query.pop("customerId", None)
        if customer_id is not None:
            case.query["customerId"] = customer_id


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    chance = chooser(case)
    if case.operation.label == "POST /api/orders":
        case.body = correct_texts(case.body)
        if chance.random() < 0.3:
            case.body["items"][0]["productId"] = FAILS_ALWAYS
        correct_total(case.body)
        # Sometimes another customer, which is 404.
        if customer and chance.random() < 0.9:
            case.body["customerId"] = customer
        correct_idempotency_key(case)
    elif case.operation.label == "POST /api/notifications":
        case.body = correct_texts(case.body)
        # Sometimes an unknown order, which is 404.
        if order_ids and chance.random() < 0.9:
            case.body["orderId"] = chance.choice(order_ids)
        correct_idempotency_key(case)
    elif case.operation.label == "GET /api/orders":
        if customer and "customerId" in case.query and chance.random() < 0.9:
            case.query["customerId"] = customer
        correct_query(case, chance)
    elif case.operation.label == "GET /api/orders/{orderId}/notifications":
        # Few orders have more than one page of notifications.
        case.query.pop("cursor", None)
        if order_ids and chance.random() < 0.5:
            case.path_parameters["orderId"] = chance.choice(order_ids)
    elif case.operation.label == "POST /api/orders/{orderId}/replay" and failed_ids and is_fuzzing(case):
        case.path_parameters["orderId"] = failed_ids.pop()
    elif case.operation.label == "POST /api/orders/{orderId}/replay" and failing_ids and chance.random() < 0.9:
        case.path_parameters["orderId"] = chance.choice(failing_ids)
    elif "orderId" in case.path_parameters and order_ids and chance.random() < 0.5:
        case.path_parameters["orderId"] = chance.choice(order_ids)
    elif "notificationId" in case.path_parameters and notification_ids and chance.random() < 0.5:
        case.path_parameters["notificationId"] = chance.choice(notification_ids)


@schemathesis.hook
def after_call(context, case, response):
    label, status = case.operation.label, response.status_code
    if label == "POST /api/orders" and status == 201:
        order = response.json()
        remember(order_ids, order["orderId"])
        if order["items"][0]["productId"] == FAILS_ALWAYS:
            remember(failing_ids, order["orderId"])
    elif label == "POST /api/notifications" and status == 202:
        remember(notification_ids, response.json()["notificationId"])
    elif label == "GET /api/orders" and status == 200 and response.json()["nextCursor"]:
        remember(cursors, (response.json()["nextCursor"], case.query.get("customerId")))


@schemathesis.check
def refused_without_a_token(ctx, response, case):
    assert caller != "nobody" or response.status_code >= 400, f"{response.status_code} without a token"
