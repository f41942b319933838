// What the book adds to pages that already read without it: tabs for runs of sectors, words explained in place, names and focus, and what was read.
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

  // ---------------------------------------------------------------------------------------------------------- terms

  /** A term of the glossary opens its explanation where it stands; from there a link leads to its entry. */
  function terms() {
    if (!HTMLElement.prototype.showPopover) return; // an older browser follows the link, as without scripts
    const box = document.createElement("div");
    box.id = "term-box";
    box.className = "term-box";
    box.popover = "auto"; // closes with Escape, or a click elsewhere, and gives the focus back
    box.setAttribute("role", "dialog");
    let opened = null;
    document.body.append(box);

    function show(link) {
      const said = document.createElement("p");
      const name = document.createElement("strong");
      const entry = document.createElement("a");
      name.textContent = link.textContent;
      said.append(name, ": ", link.dataset.means);
      entry.href = link.href;
      entry.textContent = "In the glossary";
      box.replaceChildren(said, entry);
      box.setAttribute("aria-label", link.textContent);
      box.showPopover();
      const place = link.getBoundingClientRect();
      const width = document.documentElement.clientWidth;
      box.style.left = `${Math.max(8, Math.min(place.left, width - box.offsetWidth - 8)) + scrollX}px`;
      const below = place.bottom + box.offsetHeight + 8 < innerHeight;
      box.style.top = `${(below ? place.bottom + 4 : Math.max(8, place.top - box.offsetHeight - 4)) + scrollY}px`;
      opened = link;
      entry.focus({ preventScroll: true });
    }

    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") box.hidePopover(); // the theme keeps this key from the browser
    });
    box.addEventListener("toggle", (event) => {
      if (event.newState !== "closed") return;
      opened?.setAttribute("aria-expanded", "false");
      if (box.contains(document.activeElement) || document.activeElement === document.body) opened?.focus({ preventScroll: true });
      opened = null;
    });
    for (const link of document.querySelectorAll("a.term-link[title]")) {
      link.dataset.means = link.title;
      link.removeAttribute("title"); // else the same words stand there twice
      link.setAttribute("role", "button");
      link.setAttribute("aria-expanded", "false");
      link.setAttribute("aria-haspopup", "dialog");
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as of any link
        event.preventDefault();
        show(link);
        link.setAttribute("aria-expanded", "true");
      });
      link.addEventListener("keydown", (event) => {
        if (event.key !== " ") return;
        event.preventDefault();
        link.click();
      });
    }
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

  // --------------------------------------------------------------------------------------------------- what was read

  const READ = "ospolab-read"; // kept in the reader's own browser, and sent nowhere
  const site = new URL(document.documentElement.dataset.content_root ?? "./", location.href);

  /** Pages read to their end, as paths from the root of the site. A browser may keep nothing; then none are. */
  function read() {
    try {
      const kept = JSON.parse(localStorage.getItem(READ) ?? "[]");
      return new Set(Array.isArray(kept) ? kept : []);
    } catch {
      return new Set();
    }
  }

  function keep(pages) {
    try {
      if (pages.size) localStorage.setItem(READ, JSON.stringify([...pages]));
      else localStorage.removeItem(READ);
    } catch {
      // Nothing is kept, and nothing breaks.
    }
  }

  const pathOf = (address) => new URL(address, location.href).pathname.slice(site.pathname.length);

  /** A lesson is read when the reader has come to its last part, "What's next". */
  function noteReading() {
    const end = document.querySelector("#what-s-next");
    if (!end || !pathOf(location.href).startsWith("notebooks/")) return;
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      keep(read().add(pathOf(location.href)));
      watch.disconnect();
    });
    watch.observe(end);
  }

  /** On the map of the course: which lessons were read, and a way to forget it. */
  function showReading() {
    const map = document.querySelector(".ospolab-map");
    const state = map?.querySelector(".map-state");
    if (!state) return;
    const pages = read();
    const labs = [...map.querySelectorAll(".lab-ready")].filter((lab) => pages.has(pathOf(lab.querySelector("a").href)));
    for (const lab of labs) {
      lab.classList.add("lab-read");
      lab.querySelector(".lab-state").textContent = "✓ Read";
    }
    if (!labs.length) return;
    const said = document.createElement("span");
    const forget = document.createElement("button");
    said.className = "map-read";
    said.textContent = ` You have read ${labs.length === 1 ? "one" : labs.length}; only this browser knows. `;
    forget.type = "button";
    forget.textContent = "Forget it";
    forget.addEventListener("click", () => {
      keep(new Set());
      for (const lab of labs) {
        lab.classList.remove("lab-read");
        lab.querySelector(".lab-state").textContent = "Ready";
      }
      said.replaceChildren(" Forgotten.");
    });
    said.append(forget);
    state.append(said);
    state.setAttribute("role", "status");
  }

  // ------------------------------------------------------------------------------------------------- the lab nearby

  /** From a disk nothing runs: no offer then. On a site, what starts the lab is fetched once somebody reaches for it. */
  function lab() {
    const link = document.querySelector('.offers a[href*="lab/notebooks/"]');
    if (!link) return;
    if (location.protocol === "file:") {
      link.closest("li").remove();
      document.querySelector(".offers-before")?.remove();
      return;
    }
    const reach = async () => {
      for (const kind of ["pointerenter", "focus", "touchstart"]) link.removeEventListener(kind, reach);
      if (navigator.connection?.saveData) return;
      const root = new URL("../static/pyodide/", link.href);
      const answer = await fetch(new URL("starting.json", root));
      if (!answer.ok) return;
      for (const name of await answer.json()) {
        const ahead = document.createElement("link");
        ahead.rel = "prefetch";
        ahead.href = new URL(name, root).href;
        document.head.append(ahead);
      }
    };
    for (const kind of ["pointerenter", "focus", "touchstart"]) link.addEventListener(kind, reach, { passive: true });
  }

  function start() {
    emptyHeads();
    lab();
    runs(document).forEach(tabs);
    terms();
    scrollable();
    noteReading();
    showReading();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
