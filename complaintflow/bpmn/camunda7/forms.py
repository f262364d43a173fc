"""Forms of Camunda 7: a reference to one, or fields in the diagram, which become a form-js form."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from lxml import etree

from complaintflow.bpmn.camunda7.value import has_expression
from complaintflow.bpmn.camunda7.writing import Page, attribute, camunda, extend, extensions
from complaintflow.bpmn.inline import EMBEDDED
from complaintflow.bpmn.xml import bpmn

_FILE: Final = re.compile(r"camunda-forms:(?:app|deployment):(?:.*/)?([^/]+?)\.(?:form|html?)")
_TYPES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "string": ("textfield", {}),
    "long": ("number", {"decimalDigits": 0}),
    "boolean": ("checkbox", {}),
    "date": ("datetime", {"subtype": "date", "dateLabel": "Date"}),
    "enum": ("select", {}),
}
# Constraint -> the entry of a form-js component's "validate", and whether it is a number.
_CONSTRAINTS: Final = {
    "required": ("required", False),
    "minlength": ("minLength", True),
    "maxlength": ("maxLength", True),
    "min": ("min", True),
    "max": ("max", True),
}


def forms(page: Page, element: etree._Element) -> None:
    """The form of a user task or start event."""
    reference, key = attribute(element, "formRef"), attribute(element, "formKey")
    fields = [*_fields(page, element)]
    said = [what for what, there in (("formRef", reference), ("formKey", key), ("fields", fields)) if there]
    if len(said) > 1:
        page.refuse(element, f"the element has a form by {' and '.join(said)}", "keep one of them")
    elif reference is not None:
        if has_expression(reference):
            page.refuse(element, f"the form {reference} is computed", "name the form; use a gateway for several forms")
        extend(element, "formDefinition", formId=reference, bindingType=attribute(element, "formRefBinding"))
    elif key is not None:
        file = _FILE.fullmatch(key)
        if file is not None and key.endswith(".form"):
            extend(element, "formDefinition", formId=file[1], bindingType="deployment")
        else:
            extend(element, "formDefinition", externalReference=page.text(element, key))
    elif fields:
        _embed(element, fields)


def _embed(element: etree._Element, fields: list[dict[str, Any]]) -> None:
    """Put a form into the process, as Camunda 8 does, and link it."""
    process = next(element.iterancestors(bpmn("process")), None)
    if process is None:
        return  # It stands where nothing runs.
    form_id = f"{element.get('id')}-form"
    form = {"type": "default", "id": form_id, "schemaVersion": 16, "components": fields}
    extend(process, "userTaskForm", id=form_id).text = json.dumps(form, ensure_ascii=False)
    extend(element, "formDefinition", formKey=EMBEDDED + form_id)


def _fields(page: Page, element: etree._Element) -> list[dict[str, Any]]:
    found = []
    for data in extensions(element, "formData"):
        found += [_field(page, one) for one in data.iterchildren(camunda("formField"))]
    for one in extensions(element, "formProperty"):
        found.append(_legacy(page, one))
    return found


def _field(page: Page, field: etree._Element) -> dict[str, Any]:
    component = _component(page, field, field.get("label"), field.get("defaultValue"))
    validate = {}
    for constraint in field.iter(camunda("constraint")):
        name, config = constraint.get("name") or "", constraint.get("config") or ""
        if name == "readonly":
            component["readonly"] = True
        elif name not in _CONSTRAINTS:
            advice = (
                "use required, readonly, minlength, maxlength, min or max, or check it in a handler behind the task"
            )
            page.refuse(field, f"the constraint '{name}' of the field '{field.get('id')}' is not there", advice)
        else:
            entry, numeric = _CONSTRAINTS[name]
            number = _number(config)
            if numeric and number is None:
                page.refuse(field, f"the constraint {name} of '{field.get('id')}' has no number", "give it one")
            validate[entry] = number if numeric else config != "false"
    if validate:
        component["validate"] = validate
    return component


def _legacy(page: Page, field: etree._Element) -> dict[str, Any]:
    """A form property of the oldest kind."""
    component = _component(page, field, field.get("name"), field.get("default"))
    if field.get("required") == "true":
        component["validate"] = {"required": True}
    if field.get("writable") == "false":
        component["readonly"] = True
    if field.get("readable") == "false":
        page.refuse(field, f"the field '{field.get('id')}' cannot be read", "leave it out of the form")
    return component


def _component(page: Page, field: etree._Element, label: str | None, default: str | None) -> dict[str, Any]:
    name, kind = field.get("id") or "", field.get("type") or "string"
    if not name or kind not in _TYPES:
        what = f"the field '{name}' has the type '{kind}'" if name else "a field of the form has no id"
        page.refuse(field, what, f"give it an id and one of the types {', '.join(_TYPES)}")
        kind = "string"
    form_type, details = _TYPES[kind]
    component: dict[str, Any] = {"type": form_type, "key": name, "id": f"Field_{name}", "label": label or name}
    component |= details
    if kind == "enum":
        component["values"] = [
            {"label": value.get("name") or value.get("id"), "value": value.get("id")}
            for value in field.iterchildren(camunda("value"))
        ]
    if default is not None and default.strip():
        _default(page, field, component, kind, default.strip())
    return component


def _default(page: Page, field: etree._Element, component: dict[str, Any], kind: str, default: str) -> None:
    """A default that is written out; a computed one reads the variable of the field's own name, or is refused."""
    if has_expression(default):
        if page.text(field, default) != f"={component['key']}":
            advice = "set the variable before the task, for example with an input parameter of that name"
            page.refuse(field, f"the default {default} of the field '{component['key']}' is computed", advice)
        return
    value: Any = default
    if kind == "long":
        value = _number(default)
    elif kind == "boolean":
        value = default.lower() == "true"
    if value is None:
        page.refuse(field, f"the default '{default}' of '{component['key']}' is no number", "give it a number")
    component["defaultValue"] = value


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number
