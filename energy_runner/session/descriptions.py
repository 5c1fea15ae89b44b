# SPDX-License-Identifier: Apache-2.0
"""Read the description of each field of a model: the string below it in the source.

pydantic could keep these itself, but would then parse every class at each start of the program.
"""

import ast
import inspect
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

from pydantic import BaseModel


def descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Return the string below each field of a model, its base classes included, by the field's key in JSON."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        module = inspect.getmodule(base)
        if issubclass(base, BaseModel) and base is not BaseModel and module is not None:
            found |= _below_fields(module).get(base.__name__, {})
    aliases = {name: field.alias or name for name, field in model.model_fields.items()}
    return {aliases[name]: " ".join(text.split()) for name, text in found.items() if name in aliases}


@cache
def _below_fields(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return the string below each field of each class of a module."""
    classes = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_pairs(node.body)) for node in classes}


def _pairs(body: list[ast.stmt]) -> list[tuple[str, str]]:
    return [
        (field.target.id, text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    ]


def models_of(model: Any) -> dict[str, type[BaseModel]]:
    """Return a model and all models that its fields are made of, by name; a union of models gives its members."""
    found: dict[str, type[BaseModel]] = {}
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if inspect.isclass(one) and issubclass(one, BaseModel):
            if one.__name__ not in found:
                found[one.__name__] = one
                waiting += [field.annotation for field in one.model_fields.values()]
        else:
            waiting += getattr(one, "__args__", ())
    return found
