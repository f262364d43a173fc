"""Your own diagram with your own code: a handler is a plain function, and a business error is not a failure.

python examples/02_handlers.py
"""

from pathlib import Path

from complaintflow import BusinessError, Engine, Handlers, Job

LAYER = Path(__file__).parent / "order_layer"


class OrderApi:
    """The shop's own system, as the host application knows it."""

    def get(self, order_id: str, *, idempotency_key: str) -> dict[str, object] | None:
        """The order, or None. The key is the same at every attempt."""
        return {"order": order_id, "amount": 128.5} if order_id == "17" else None


desk = Handlers()


@desk.handler("look-up-order", retries=5)
def look_up_order(order_id: str, orders: OrderApi, job: Job) -> dict[str, object]:
    """``order_id`` is the variable of that name, ``orders`` and ``job`` are found by their type."""
    order = orders.get(order_id, idempotency_key=job.key)
    if order is None:
        raise BusinessError("ORDER_UNKNOWN")
    return {"order": order}


with Engine("sqlite://", layers=[LAYER], handlers=[desk], provide={OrderApi: OrderApi()}) as engine:
    for order_id in ("17", "99"):
        case = engine.start("order-complaint", {"order_id": order_id})
        print(order_id, [task.element for task in case.tasks], case.variables.get("order"))
