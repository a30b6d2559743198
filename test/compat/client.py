"""Debian's python3-stripe as a process for clients.js: a JSON request per line in, a JSON answer per line out."""
import json
import sys

import stripe

stripe.api_base, stripe.api_key = sys.argv[1:]

RESOURCES = {
    "coupons": stripe.Coupon,
    "promotionCodes": stripe.PromotionCode,
    "customers": stripe.Customer,
    "products": stripe.Product,
}


def perform(resource, action, id=None, params=None, idempotencyKey=None):
    kind = RESOURCES[resource]
    arguments = dict(params or {})
    if idempotencyKey:
        arguments["idempotency_key"] = idempotencyKey
    if action == "all":
        return list(kind.list(**arguments).auto_paging_iter())
    if action == "update":
        return kind.modify(id, **arguments)
    if id is not None:
        return getattr(kind, action)(id, **arguments)
    return getattr(kind, action)(**arguments)


for line in sys.stdin:
    try:
        answer = {"result": perform(**json.loads(line))}
    except stripe.error.StripeError as error:
        if error.http_status is None:
            raise
        answer = {"status": error.http_status, "error": error.json_body["error"]}
    print(json.dumps(answer), flush=True)
