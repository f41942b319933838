"""What an organisation is for a product under the Cyber Resilience Act: said in papers, checked against who it is."""

from __future__ import annotations

from typing import Literal

from ospolab.portfolio.organisation import Organisation

__all__ = ["ROLES", "Role", "complaints"]

ROLES = {
    "manufacturer": "manufacturer; we market it under our own name in the European Union",
    "steward": "open-source software steward; we support it, and others use it commercially",
    "neither": "neither manufacturer nor steward",
    "counsel": "not settled; counsel is asked",
}
Role = Literal["manufacturer", "steward", "neither", "counsel"]


def complaints(role: str, organisation: Organisation) -> list[str]:
    """What of a role (a key of ROLES) does not fit an organisation that makes the product, a sentence each."""
    if not (organisation.ships_products and organisation.segment.startswith("business")):
        return []
    if role == "neither":
        return [
            "It says neither manufacturer nor steward, and the organisation is a business whose software leaves "
            "the house. Whoever makes a product, or has it made, and markets it in the Union under its own name or "
            "trademark is a manufacturer, wherever its seat is: ask counsel."
        ]
    if role == "steward":
        return ["A steward is someone other than the manufacturer; for what it sells itself, a firm is no steward."]
    return []
