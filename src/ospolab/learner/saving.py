"""What happens to a notebook as JupyterLab writes it to disk (named in jupyter/common/jupyter_server_config.json)."""

LIVE = "application/vnd.jupyter.widget-view+json"


def keep_the_picture(model, **_) -> None:
    """Leave out live views that have a picture beside them.

    Opened tomorrow, with no kernel behind it, a live view is an error message; the picture shows the form, the quiz or
    the explorer and says to run the cell. A pre_save_hook of Jupyter Server: changes `model` in place.
    """
    if model["type"] != "notebook" or model.get("content") is None:
        return
    for cell in model["content"].get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data.pop(LIVE, None)
