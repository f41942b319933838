// ipywidgets' radio buttons have plain text, no group and no arrow keys. This gives each its Markdown, its group and a name.
// Without it (a front end that runs no scripts) forms work the same, with plain text and the Tab key.
const dress = () => {
  for (const group of root.querySelectorAll(".ospolab-group")) {
    const legend = group.querySelector(".ospolab-legend");
    if (legend && !group.hasAttribute("role")) {
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", legend.textContent);
    }
  }
  for (const box of root.querySelectorAll(".ospolab-radio")) {
    const rich = box.querySelector("template");
    const name = (box.dataset.name ||= "ospolab-" + Math.random().toString(36).slice(2));
    box.querySelectorAll(".widget-radio-box label").forEach((label, at) => {
      const input = label.querySelector("input");
      if (!rich || !input || input.name) return;
      input.name = name;
      label.replaceChildren(input, rich.content.children[at].cloneNode(true));
    });
  }
  for (const told of root.querySelectorAll(".ospolab-told:not([role])")) told.setAttribute("role", "status");
  for (const titled of root.querySelectorAll(".widget-checkbox [title]")) titled.removeAttribute("title");
};
// A key pressed in a form is meant for the form: JupyterLab would take arrows to move between cells, and "d d" to delete one.
root.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
  if (!command) event.stopPropagation();
});
// JupyterLab marks widgets whose kernel was restarted or died, but not those whose kernel was shut down: then only its name goes.
const kernel = root.closest(".jp-NotebookPanel")?.querySelector(".jp-KernelName");
const gone = () => {
  if (kernel.textContent.trim() === "No Kernel") root.classList.add("jupyter-widgets-disconnected");
};
if (kernel) new MutationObserver(gone).observe(kernel, { childList: true, subtree: true, characterData: true });
new MutationObserver(dress).observe(root, { childList: true, subtree: true });
dress();
