// The page that searches: MiniSearch over the distinct words of each page, excerpts from the text of the pages found.
(() => {
  "use strict";

  const { root: here, version } = document.currentScript.dataset; // from this page to the root; of what the index was made
  const MOST = 10; // pages shown
  const SECTIONS = 2; // sections shown of each
  const AROUND = 90; // characters of an excerpt before and after a word that was found
  const COMMON = /^(a|an|and|are|as|at|be|by|do|does|for|from|how|i|in|is|it|my|no|not|of|on|or|our|the|to|we|what|when|who|why|with|you)$/;

  /** As ospolab.authoring.search_index.words: a licence id is one word, and so are its parts. */
  function words(text) {
    const found = text.toLowerCase().match(/[\p{L}\p{N}_](?:[\p{L}\p{N}_.+-]*[\p{L}\p{N}_])?/gu) ?? [];
    return found.filter((word) => !COMMON.test(word));
  }

  const engine = new MiniSearch({
    fields: ["title", "headings", "often", "seldom"],
    storeFields: ["title", "page"],
    tokenize: words,
    searchOptions: {
      boost: { title: 6, headings: 2, often: 3 },
      // Who searches wants to read about a thing before being asked about it.
      boostDocument: (id, term, { page }) => (page.startsWith("exercises/") ? 0.6 : page.startsWith("notebooks/") ? 1.5 : 1),
      prefix: (term) => term.length > 3,
      // One error for each five letters; short words and numbers are taken as they are.
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      weights: { fuzzy: 0.3, prefix: 0.6 },
    },
  });
  const texts = new Map(); // number of a page -> what waits for its text
  window.ospolabSearch = {
    index: (pages) => engine.addAll(pages),
    page: (number, sections) => texts.get(number)?.resolve(sections),
  };

  function load(source) {
    const script = document.createElement("script");
    script.src = `${here}_static/search/${source}?v=${version}`; // so that no kept index meets newer texts
    document.head.append(script);
    return new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${source} could not be loaded`));
    });
  }

  /** The sections of a page, loaded once. */
  function text(number) {
    if (!texts.has(number)) {
      const waiting = {};
      waiting.promise = new Promise((resolve) => (waiting.resolve = resolve));
      texts.set(number, waiting);
      load(`pages/${number}.js`).catch(() => waiting.resolve([]));
    }
    return texts.get(number).promise;
  }

  /** Pages that have every word asked for; if there are none, those that have some. */
  function find(query) {
    const every = engine.search(query, { combineWith: "AND" });
    return every.length ? every : engine.search(query, { combineWith: "OR" });
  }

  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  /** The sections that hold most of the words; the words in a heading count more. */
  function best(sections, terms) {
    const patterns = terms.map((term) => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(term)}`, "iu"));
    const score = ([, heading, body]) =>
      patterns.reduce((sum, pattern) => sum + (pattern.test(heading) ? 3 : 0) + (pattern.test(body) ? 1 : 0), 0);
    return sections
      .map((section, order) => ({ section, order, score: score(section) }))
      .filter((one) => one.score > 0)
      .sort((one, other) => other.score - one.score || one.order - other.order)
      .slice(0, SECTIONS)
      .map((one) => one.section);
  }

  /** A piece of the text around the first word found, with every word found marked. */
  function excerpt(body, terms) {
    const piece = document.createElement("p");
    const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${terms.map(escaped).join("|")})[\\p{L}\\p{N}]*`, "giu");
    const at = Math.max(body.search(pattern), 0);
    const start = at > AROUND ? body.indexOf(" ", at - AROUND) + 1 : 0;
    const stop = at + AROUND < body.length ? body.lastIndexOf(" ", at + 2 * AROUND) : body.length;
    const shown = body.slice(start, Math.max(stop, at + 1));
    let position = 0;
    if (start > 0) piece.append("… ");
    for (const match of shown.matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      piece.append(shown.slice(position, match.index), mark);
      position = match.index + match[0].length;
    }
    piece.append(shown.slice(position), start + shown.length < body.length ? " …" : "");
    return piece;
  }

  function link(address, label) {
    const anchor = document.createElement("a");
    anchor.href = here + address;
    anchor.textContent = label;
    return anchor;
  }

  async function entry(found) {
    const item = document.createElement("li");
    const name = document.createElement("h2");
    name.append(link(found.page, found.title));
    item.append(name);
    const terms = [...found.terms].sort((one, other) => other.length - one.length);
    for (const [anchor, heading, body] of best(await text(found.id), terms)) {
      const section = document.createElement("div");
      if (heading !== found.title) section.append(link(`${found.page}#${anchor}`, heading));
      section.append(excerpt(body, terms));
      item.append(section);
    }
    return item;
  }

  async function start() {
    const form = document.querySelector(".bd-search-container form.bd-search");
    const field = form.querySelector("input");
    const list = document.querySelector("#search-results");
    const said = document.querySelector("#search-status");
    let turn = 0;

    async function show() {
      const mine = (turn += 1); // somebody who goes on typing wants the later answer
      const query = field.value.trim();
      history.replaceState(null, "", query ? `?q=${encodeURIComponent(query)}` : location.pathname);
      const found = query ? find(query) : [];
      const items = await Promise.all(found.slice(0, MOST).map(entry));
      if (mine !== turn) return;
      list.replaceChildren(...items);
      const few = found.length > MOST ? `${found.length} pages, the first ${MOST}` : found.length === 1 ? "1 page" : `${found.length} pages`;
      said.textContent = !query ? "" : found.length ? few : `No page has “${query}”. Try one word of it, or look into the glossary.`;
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      show();
    });
    let waiting;
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(show, 150);
    });
    field.value = new URLSearchParams(location.search).get("q") ?? "";
    field.focus();
    try {
      await load("index.js");
      await show();
    } catch (problem) {
      said.textContent = `The index of the book is not here (${problem.message}). Load this page again.`;
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
