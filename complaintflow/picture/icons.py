"""The small signs inside tasks, events and gateways, as SVG paths around the point (0, 0)."""
# ruff: noqa: E501 - a path is one word

from __future__ import annotations

from typing import Final

# Task signs, about 18 units wide, drawn with a thin stroke. {fill} is the paper, {ink} the line colour.
TASKS: Final[dict[str, str]] = {
    "userTask": (
        '<path d="M-9 9v-4c0-4 3-6 6-6h6c3 0 6 2 6 6v4z" fill="{fill}"/><circle cy="-5" r="4.5" fill="{fill}"/>'
        '<path d="M-4.4-6c1-4 7.800-4 8.800 0c-2-1.600-6.800-1.600-8.800 0z" fill="{ink}"/>'
        '<path d="M-5.500 9v-3M5.500 9v-3M-3-1l3 3.500l3-3.500" fill="none"/>'
    ),
    "serviceTask": (
        '<g transform="translate(3 3)"><path d="{gear}" fill="{fill}"/><circle r="2" fill="{fill}"/></g>'
        '<g transform="translate(-3 -3)"><path d="{gear}" fill="{fill}"/><circle r="2" fill="{fill}"/></g>'
    ),
    "sendTask": '<path d="M-9-6h18v12h-18z" fill="{ink}"/><path d="M-9-6l9 7l9-7" fill="none" stroke="{fill}"/>',
    "receiveTask": '<path d="M-9-6h18v12h-18z" fill="{fill}"/><path d="M-9-6l9 7l9-7" fill="none"/>',
    "scriptTask": (
        '<path d="M-5-8h10c-5 4 3 8-2 16h-10c5-8-3-12 2-16z" fill="{fill}"/>'
        '<path d="M-4-4h6M-4-1h6M-3 2h6M-3 5h6" fill="none"/>'
    ),
    "businessRuleTask": (
        '<path d="M-9-7h18v14h-18z" fill="{fill}"/><path d="M-9-7h18v4h-18z" fill="{ink}" fill-opacity=".25"/>'
        '<path d="M-9-3h18M-9 2h18M-4-3v10" fill="none"/>'
    ),
    "manualTask": (
        '<path d="M-9-1l5-5h9c2 0 2 2.500 0 2.500h-4h7c2 0 2 2.500 0 2.500h-1c2 0 2 2.500 0 2.500h-1.500c1.500 0 1.500'
        ' 2.500-.5 2.500h-10l-4-1z" fill="{fill}"/>'
    ),
}

GEAR: Final = (
    "M-1.400-6.500h2.800l.4 1.700l1.600.7l1.500-1l2 2l-1 1.500l.7 1.600l1.700.4v2.800l-1.700.4l-.7 1.600l1 1.500l-2 2l-1.500-1"
    "l-1.600.7l-.4 1.700h-2.800l-.4-1.700l-1.600-.7l-1.500 1l-2-2l1-1.500l-.7-1.600l-1.700-.4v-2.800l1.700-.4l.7-1.600l-1-1.500l2-2"
    "l1.500 1l1.600-.7z"
)

# Event signs inside a circle of radius 18; ``{ink}`` fills those that throw, ``{fill}`` those that catch.
EVENTS: Final[dict[str, str]] = {
    "message": '<path d="M-8.500-6h17v12h-17z" fill="{body}"/><path d="M-8.500-6l8.500 6.500l8.500-6.500" fill="none" stroke="{seam}"/>',
    "timer": (
        '<circle r="10.500" fill="{paper}"/><path d="M0-7v7l4 2M0-10.500v2.500M0 8v2.500M-10.500 0h2.500M8 0h2.500'
        'M-7.400-7.400l1.700 1.700M7.400-7.400l-1.700 1.700M-7.400 7.400l1.700-1.700M7.400 7.400l-1.700-1.700" fill="none"/>'
    ),
    "error": '<path d="M-9 8l4-15l7 8l6-9l-4 15l-7-8z" fill="{body}"/>',
    "escalation": '<path d="M0-10l7.500 17l-7.500-7l-7.500 7z" fill="{body}"/>',
    "signal": '<path d="M0-9l9 15h-18z" fill="{body}"/>',
    "terminate": '<circle r="10" fill="{ink}"/>',
    "link": '<path d="M-10-4h10v-5l10 9l-10 9v-5h-10z" fill="{body}"/>',
    "conditional": '<path d="M-8-9h16v18h-16z" fill="{body}"/><path d="M-5-5h10M-5-1.500h10M-5 2h10M-5 5.500h10" fill="none"/>',
    "compensate": '<path d="M-10 0l9-7v14zM0 0l9-7v14z" fill="{body}"/>',
    "cancel": '<path d="M-8-5.500l2.500-2.500l5.500 5.500l5.500-5.500l2.500 2.500l-5.500 5.500l5.500 5.500l-2.500 2.500l-5.500-5.500l-5.500 5.500l-2.500-2.500l5.500-5.500z" fill="{body}"/>',
}

GATEWAYS: Final[dict[str, str]] = {
    "exclusiveGateway": '<path d="M-7.500-9l7.500 9m0 0l7.500 9M7.500-9l-7.500 9m0 0l-7.500 9" fill="none" stroke-width="5" stroke-linecap="butt"/>',
    "parallelGateway": '<path d="M-12 0h24M0-12v24" fill="none" stroke-width="4"/>',
    "inclusiveGateway": '<circle r="11.500" fill="none" stroke-width="2.500"/>',
    "eventBasedGateway": (
        '<circle r="13" fill="none" stroke-width="1"/><circle r="10" fill="none" stroke-width="1"/>'
        '<path d="M0-6.500l6.200 4.500l-2.400 7.300h-7.600l-2.400-7.300z" fill="none" stroke-width="1.500"/>'
    ),
    "complexGateway": '<path d="M-11 0h22M0-11v22M-8-8l16 16M-8 8l16-16" fill="none" stroke-width="3"/>',
}
