"""How open an AI model is: the class of the Model Openness Framework, and what a record says about the OSI definition.

Table: `model_openness`, a row a record of the Model Openness Tool. Sources: Model Openness Framework (arXiv
2403.13784) as the tool reads it; Open Source AI Definition 1.0 of 28 October 2024.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from ospolab.data import load

__all__ = ["CLASSES", "CODE", "DATA_INFORMATION", "WORDS", "lacks", "mof_class", "open_parts", "osaid", "record"]

# What a class asks for beyond the one before; a tuple means that one of them is enough. Sample outputs, supporting
# libraries and metadata are welcome and not needed.
CLASSES = {
    "III": (
        *("model_architecture", "model_parameters_final", "model_card", "data_card", "evaluation_results"),
        ("technical_report", "research_paper"),
    ),
    "II": ("training_code", "inference_code", "evaluation_code", "evaluation_data"),
    "I": ("datasets", "data_preprocessing_code", "research_paper", "model_parameters_intermediate"),
}
# Of the record's components, those that stand for what the definition asks for: code to train and to run, parameters,
# and information about the data. Whether that information is detailed enough, no record says.
CODE = ("training_code", "inference_code", "data_preprocessing_code")
DATA_INFORMATION = ("data_card",)

WORDS = {
    "data_card": "data card",
    "data_preprocessing_code": "code that prepares the data",
    "datasets": "datasets",
    "evaluation_code": "evaluation code",
    "evaluation_data": "evaluation data",
    "evaluation_results": "evaluation results",
    "inference_code": "inference code",
    "model_architecture": "architecture",
    "model_card": "model card",
    "model_metadata": "metadata",
    "model_parameters_final": "final parameters",
    "model_parameters_intermediate": "intermediate parameters",
    "research_paper": "research paper",
    "sample_model_outputs": "sample outputs",
    "supporting_libraries_and_tools": "supporting libraries",
    "technical_report": "technical report",
    "training_code": "training code",
}


def mof_class(parts: Collection[str]) -> str:
    """The class, from the components that are openly licensed: "I" (most complete), "II", "III" or "none".

    A class needs all that the lower ones need: training code without a data card is no class at all.
    """
    reached = "none"
    for name in CLASSES:
        if lacks(parts, name):
            break
        reached = name
    return reached


def lacks(parts: Collection[str], name: str) -> list[str]:
    """What is missing for one class, of the things that this class adds, in words."""
    missing = []
    for needed in CLASSES[name]:
        either = (needed,) if isinstance(needed, str) else needed
        if not set(either) & set(parts):
            missing.append(" or ".join(WORDS[one] for one in either))
    return missing


def osaid(parts: Collection[str]) -> tuple[str, list[str]]:
    """What a record says about the OSI definition: ("no", what is missing) or ("read", []).

    "no": by this record it cannot conform. "read": nothing is missing, so a person reads whether the data information
    is detailed enough and the terms hold. There is no "yes": a table cannot give it.
    """
    missing = [WORDS[one] for one in (*CODE, "model_parameters_final", *DATA_INFORMATION) if one not in parts]
    return ("no", missing) if missing else ("read", [])


def record(model: str) -> pd.Series:
    """The record of one model; of a name that occurs twice, the first. Raises KeyError for a name that is not there."""
    found = load("model_openness").query("model == @model")
    if found.empty:
        raise KeyError(f"{model!r} has no record in model_openness")
    return found.iloc[0]


def open_parts(row: pd.Series) -> set[str]:
    """Components of a record that are openly licensed."""
    return {part for part in WORDS if row[f"{part}_open"]}
