"""OpenVEX: what a supplier says about a vulnerability in a product, as a file that tools can read.

The rules are those of the specification 0.2.0 and of the JSON schema in its repository, written here as models of our
own. Two stored versions of that schema differ in one point: the older refuses a statement that has a justification and
an impact statement both, the newer accepts it. A document of ours has a justification and no impact statement, and
puts its words into the status notes, so it holds under both.
Source: openvex/spec, OPENVEX-SPEC.md and openvex_json_schema.json (commits 309766a and 4961d8e), read 2026-11-28.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["CONTEXT", "JUSTIFICATIONS", "STATUSES", "Product", "Statement", "Vulnerability", "problem"]

CONTEXT = "https://openvex.dev/ns/v0.2.0"
STATUSES = {
    "not_affected": "the weakness cannot be used in this product; a justification says why",
    "affected": "it can; an action statement says what to do",
    "fixed": "this version of the product holds the fix",
    "under_investigation": "we do not know yet, and are looking",
}
JUSTIFICATIONS = {
    "component_not_present": "the component is not in the product at all",
    "vulnerable_code_not_present": "the component is there, and the weak part of it is not",
    "vulnerable_code_not_in_execute_path": "the weak code is there, and the product never runs it",
    "vulnerable_code_cannot_be_controlled_by_adversary": "it runs, and no attacker can steer what it gets",
    "inline_mitigations_already_exist": "the product itself blocks it, and nobody can switch that off",
}

Status = Literal["not_affected", "affected", "fixed", "under_investigation"]
Justification = Literal[
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, str_strip_whitespace=True)


class Vulnerability(_Part):
    """A vulnerability by its main name, with other names for it."""

    name: str = Field(min_length=1)
    aliases: tuple[str, ...] | None = None


class Component(_Part):
    """A piece of software by its package URL."""

    id: str = Field(alias="@id", pattern=r"^pkg:[a-z][a-z0-9.+-]*/\S+$")


class Product(Component):
    """What the statement is about, and the part of it from which the vulnerability comes."""

    subcomponents: tuple[Component, ...] | None = None


class Statement(_Part):
    """One status of one vulnerability in one or more products."""

    vulnerability: Vulnerability
    products: tuple[Product, ...] = Field(min_length=1)
    status: Status
    justification: Justification | None = None
    impact_statement: str | None = Field(default=None, min_length=1)
    action_statement: str | None = Field(default=None, min_length=1)
    status_notes: str | None = Field(default=None, min_length=1)
    timestamp: datetime | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if said := problem(self.status, self.justification, self.action_statement, self.impact_statement):
            raise ValueError(said)
        return self


def problem(status: str, justification: str | None, action: str | None = None, impact: str | None = None) -> str | None:
    """What is wrong with a statement by the rules of OpenVEX, as a sentence; None if it holds.

    Stricter than the schema in two points: a justification stands with not_affected only, which is what the
    specification means it for, and not beside an impact statement (see above).
    """
    if status not in STATUSES:
        return f'the status is "{status}"; expected one of {", ".join(STATUSES)}'
    if justification is not None and justification not in JUSTIFICATIONS:
        return f'the justification is "{justification}"; expected one of {", ".join(JUSTIFICATIONS)}'
    if status == "not_affected" and not (justification or impact):
        return "not_affected needs a justification: without a reason nobody can rely on it"
    if status == "not_affected" and justification and impact:
        return "a justification and an impact statement together are refused by one version of the schema"
    if status != "not_affected" and justification:
        return f'a justification says why a product is not affected; beside "{status}" it has no meaning'
    if status == "affected" and not action:
        return "affected needs an action statement: what should those who use the product do?"
    return None
