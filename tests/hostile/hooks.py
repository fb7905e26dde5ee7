"""What openapi.json cannot say about a valid request, given to schemathesis (SCHEMATHESIS_HOOKS=hooks).

Only requests that are meant to be valid are mended, just before they are sent; those that are meant to be refused go out
as they are.
"""

import hashlib
import json
import os
import random
from decimal import ROUND_HALF_UP, Decimal

import schemathesis

MOST_REMEMBERED = 200
# Ends FAILED, and can be replayed: a replay of any other order is refused.
FAILS_ALWAYS = "test-fails-always"

# Orders that had failed before the run began: each can be replayed, once. The others fail when a worker gets to them.
failed_ids = os.environ.get("FAILED_ORDERS", "").split()
order_ids: list[str] = list(failed_ids)
failing_ids: list[str] = []
notification_ids: list[str] = []
cursors: list[tuple[str, str | None]] = []


def remember(values, value):
    values.append(value)
    if len(values) > MOST_REMEMBERED:
        values.pop(0)


def is_fuzzing(case):
    """The phase in which every operation has to succeed at least once."""
    return case.meta.phase.name.value == "fuzzing"


def chooser(case):
    """The same choice for the same case, so that a failure can be repeated."""
    text = json.dumps([case.path, case.query, case.body], default=repr, sort_keys=True)
    return random.Random(text)


def mend_total(body):
    """Prices have at most two decimals, and the total is the sum of the lines."""
    total = Decimal(0)
    for item in body["items"]:
        price = Decimal(repr(item["unitPrice"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
        item["unitPrice"] = float(price)
        total += price * int(item["quantity"])
    body["totalAmount"] = float(total)


def mend_texts(value):
    """A text has a character that shows: what those are, a portable pattern cannot say."""
    if isinstance(value, dict):
        return {name: mend_texts(child) for name, child in value.items()}
    if isinstance(value, list):
        return [mend_texts(child) for child in value]
    if isinstance(value, str) and not any(letter.isascii() and letter.isalnum() for letter in value):
        return "x" + value[1:]
    return value


def mend_idempotency_key(case):
    """A key belongs to one request: another body gets another key, the same body the same again."""
    name = next((name for name in case.headers if name.lower() == "idempotency-key"), None)
    if name is not None:
        text = json.dumps([case.headers[name], case.body], sort_keys=True)
        case.headers[name] = hashlib.sha256(text.encode()).hexdigest()


def mend_query(case, chance):
    """A cursor is what an earlier answer gave, and belongs to the filter that it was given for."""
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
        case.body = mend_texts(case.body)
        if chance.random() < 0.3:
            case.body["items"][0]["productId"] = FAILS_ALWAYS
        mend_total(case.body)
        mend_idempotency_key(case)
    elif case.operation.label == "POST /api/notifications":
        case.body = mend_texts(case.body)
        # Now and then an unknown order, which is 404.
        if order_ids and chance.random() < 0.9:
            case.body["orderId"] = chance.choice(order_ids)
        mend_idempotency_key(case)
    elif case.operation.label == "GET /api/orders":
        mend_query(case, chance)
    elif case.operation.label == "GET /api/orders/{orderId}/notifications":
        # Few orders have more than one page of them.
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
