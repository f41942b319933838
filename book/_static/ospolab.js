// What the book adds to pages that already read without it: tabs for runs of sectors, and names for controls of the theme.
(() => {
  "use strict";

  // ------------------------------------------------------------------------------------------------------- tabs

  /** Runs of at least two adjacent `details.sector`; anything but white space between two ends a run. */
  function runs(root) {
    const found = [];
    for (const first of root.querySelectorAll("details.sector")) {
      if (first.previousElementSibling?.matches("details.sector")) continue;
      const run = [first];
      while (run.at(-1).nextElementSibling?.matches("details.sector")) run.push(run.at(-1).nextElementSibling);
      if (run.length > 1) found.push(run);
    }
    return found;
  }

  function tabs(run, number) {
    const set = document.createElement("div");
    const list = document.createElement("div");
    set.className = "sector-tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Sectors and sizes");
    set.append(list);
    run[0].before(set);

    const all = run.map((details, index) => {
      const summary = details.querySelector(":scope > summary");
      const tab = document.createElement("button");
      const panel = document.createElement("div");
      tab.type = "button";
      tab.id = `sector-${number}-${index}`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", `${tab.id}-panel`);
      tab.append(...summary.childNodes);
      summary.remove();
      panel.id = `${tab.id}-panel`;
      panel.tabIndex = 0;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      panel.append(...details.childNodes);
      details.remove();
      list.append(tab);
      set.append(panel);
      return { tab, panel };
    });

    function choose(chosen) {
      for (const [index, { tab, panel }] of all.entries()) {
        tab.setAttribute("aria-selected", String(index === chosen));
        tab.tabIndex = index === chosen ? 0 : -1;
        panel.hidden = index !== chosen;
      }
    }

    list.addEventListener("click", (event) => {
      const index = all.findIndex(({ tab }) => tab.contains(event.target));
      if (index >= 0) choose(index);
    });
    list.addEventListener("keydown", (event) => {
      const now = all.findIndex(({ tab }) => tab === document.activeElement);
      const last = all.length - 1;
      const goal = { ArrowRight: now === last ? 0 : now + 1, ArrowLeft: now === 0 ? last : now - 1, Home: 0, End: last }[event.key];
      if (now < 0 || goal === undefined) return;
      event.preventDefault();
      choose(goal);
      all[goal].tab.focus();
    });
    choose(0);
    // A printed page shows what a screen hides behind a tab.
    window.addEventListener("beforeprint", () => all.forEach(({ panel }) => (panel.hidden = false)));
    window.addEventListener("afterprint", () => choose(all.findIndex(({ tab }) => tab.tabIndex === 0)));
  }

  // ------------------------------------------------------------------------------------------------- names and focus

  function scrollable() {
    // A box that scrolls must be reachable by keyboard, and say what it is.
    const boxes = "figure.ospolab-figure, .cell_output .output.text_html, .pst-scrollable-table-container, [style*=overflow-x]";
    let number = 0;
    for (const box of document.querySelectorAll(boxes)) {
      if (box.scrollWidth <= box.clientWidth || box.hasAttribute("tabindex")) continue;
      box.tabIndex = 0;
      if (box.tagName !== "FIGURE") box.setAttribute("role", "region");
      box.setAttribute("aria-label", box.querySelector("figcaption, caption")?.textContent.trim() || `Table ${(number += 1)}, scrolls sideways`);
    }
  }

  /** pandas heads its index with an empty cell, and Markdown demands a head where a table has none. */
  function emptyHeads() {
    for (const head of document.querySelectorAll(".bd-article thead")) if (!head.textContent.trim()) head.remove();
    for (const cell of document.querySelectorAll(".bd-article th")) {
      if (!cell.textContent.trim()) cell.replaceWith(document.createElement("td"));
    }
  }

  function start() {
    emptyHeads();
    runs(document).forEach(tabs);
    scrollable();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
