// The page "In your browser": takes out of this browser what was done in the lab, as zip files, and puts it back.
// The lab (JupyterLite) keeps files in IndexedDB, through localForage: one entry a file, as Jupyter's contents have it.
(() => {
  "use strict";

  const DATABASE = "ospolab-contents"; // contentsStorageName in book/lab/jupyter-lite.json
  const STORE = "files";
  const LAB = new URL("../lab/", document.baseURI);
  const FOLDERS = ["notebooks", "exercises", "portfolio", "feedback", ".ospolab"];
  const MOST = 50e6; // bytes that a zip may unpack to: far more than a course's work

  // ---------------------------------------------------------------------------------------------------- the store

  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  /** The database; null if there is none and `make` does not ask for one: opening it would already make it. */
  async function open(make = false) {
    const known = (await indexedDB.databases()).find(({ name }) => name === DATABASE);
    if (!known && !make) return null;
    const database = await done(indexedDB.open(DATABASE)).catch(() => null);
    if (database?.objectStoreNames.contains(STORE)) return database;
    const version = (database?.version ?? 0) + 1;
    database?.close();
    if (!make) return null;
    const request = indexedDB.open(DATABASE, version);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return done(request);
  }

  /** path -> entry of every file that differs from what the course delivers, or is new. */
  async function stored() {
    const database = await open();
    if (!database) return new Map();
    const files = database.transaction(STORE).objectStore(STORE);
    const [paths, entries] = await Promise.all([done(files.getAllKeys()), done(files.getAll())]);
    database.close();
    const found = paths.map((path, at) => [path, entries[at]]);
    return new Map(found.filter(([path, { type }]) => type !== "directory" && !path.includes(".ipynb_checkpoints")));
  }

  const text = (words) => new TextEncoder().encode(words);

  /** The lab marks the course's own outputs as trusted, so that they show; nobody else needs to know. */
  const written = (notebook) => text(JSON.stringify(notebook, (key, value) => (key === "trusted" ? undefined : value), 1) + "\n");

  function bytes({ content, format, type }) {
    if (format === "base64") return Uint8Array.from(atob(content), (letter) => letter.codePointAt(0));
    if (type !== "notebook") return text(typeof content === "string" ? content : JSON.stringify(content, null, 1));
    return written(content);
  }

  function entry(path, content) {
    const name = path.split("/").at(-1);
    const common = { name, path, writable: true, created: new Date().toISOString(), last_modified: new Date().toISOString() };
    if (name.endsWith(".ipynb")) {
      const notebook = JSON.parse(new TextDecoder().decode(content));
      return { ...common, type: "notebook", format: "json", mimetype: "application/json", size: content.length, content: notebook };
    }
    try {
      const words = new TextDecoder("utf-8", { fatal: true }).decode(content);
      return { ...common, type: "file", format: "text", mimetype: "text/plain", size: content.length, content: words };
    } catch {
      const letters = Array.from(content, (byte) => String.fromCodePoint(byte)).join("");
      return { ...common, type: "file", format: "base64", mimetype: "application/octet-stream", size: content.length, content: btoa(letters) };
    }
  }

  const folder = (path) => {
    const now = new Date().toISOString();
    const name = path.split("/").at(-1);
    return { name, path, type: "directory", format: "json", mimetype: "", content: null, size: 0, writable: true, created: now, last_modified: now };
  };

  // ----------------------------------------------------------------------------------------------------- taking out

  function offer(name, files) {
    const zip = fflate.zipSync(files, { level: 6 });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([zip], { type: "application/zip" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  async function everything() {
    const files = Object.fromEntries([...(await stored())].map(([path, one]) => [path, bytes(one)]));
    offer("ospo-lab-work.zip", files);
    return `${Object.keys(files).length} files are in ospo-lab-work.zip, among your downloads.`;
  }

  /** An exercise whole: what was delivered, with what was changed in its place. */
  async function handIn(exercise) {
    const place = `exercises/${exercise}`;
    const listed = await fetch(new URL(`api/contents/${place}/all.json`, LAB));
    if (!listed.ok) throw new Error(`The list of files of ${exercise} cannot be read (${listed.status}).`);
    const files = {};
    for (const { path, type } of (await listed.json()).content) {
      if (type === "directory") continue;
      const answer = await fetch(new URL(`files/${path}`, LAB));
      if (!answer.ok) throw new Error(`${path} cannot be read (${answer.status}).`);
      files[path] = path.endsWith(".ipynb") ? written(await answer.json()) : new Uint8Array(await answer.arrayBuffer());
    }
    for (const [path, one] of await stored()) if (path.startsWith(`${place}/`)) files[path] = bytes(one);
    const inside = Object.entries(files).map(([path, content]) => [path.slice("exercises/".length), content]);
    offer(`${exercise}.zip`, Object.fromEntries(inside));
    return `${inside.length} files are in ${exercise}.zip, among your downloads.`;
  }

  // ---------------------------------------------------------------------------------------------------- putting back

  /** Where a file of a zip belongs; null for what is none of ours. An exercise's own zip begins with its name. */
  function target(path, exercises) {
    const parts = path.split("/");
    if (path.endsWith("/") || parts.some((part) => part === ".." || part === "") || parts[0] === "__MACOSX") return null;
    if (parts[0] === "my-course") parts.shift();
    if (FOLDERS.includes(parts[0]) && parts.length > 1) return parts.join("/");
    return exercises.includes(parts[0]) ? `exercises/${parts.join("/")}` : null;
  }

  async function putBack(file) {
    let sum = 0;
    let unpacked;
    try {
      unpacked = fflate.unzipSync(new Uint8Array(await file.arrayBuffer()), {
        filter: ({ originalSize }) => (sum += originalSize) <= MOST,
      });
    } catch {
      throw new Error(`${file.name} is no zip file, or a damaged one. Nothing was changed.`);
    }
    if (sum > MOST) throw new Error(`${file.name} unpacks to more than ${MOST / 1e6} MB: that is no work of this course. Nothing was changed.`);
    const exercises = await fetch(new URL("api/contents/exercises/all.json", LAB));
    const known = exercises.ok ? (await exercises.json()).content.map(({ name }) => name) : [];
    const entries = [];
    for (const [path, content] of Object.entries(unpacked)) {
      const place = target(path, known);
      try {
        if (place) entries.push(entry(place, content));
      } catch {
        throw new Error(`${path} is no notebook. Nothing was changed.`);
      }
    }
    if (!entries.length) throw new Error(`${file.name} holds no work of this course. Nothing was changed.`);
    const before = await stored();
    const differs = entries.filter((one) => before.has(one.path) && String(bytes(before.get(one.path))) !== String(bytes(one)));
    if (differs.length) {
      const names = differs.slice(0, 5).map(({ path }) => path);
      const rest = differs.length > 5 ? `, and ${differs.length - 5} more` : "";
      if (!confirm(`Replace what is in this browser? These differ: ${names.join(", ")}${rest}.`)) return "Nothing was changed.";
    }
    const database = await open(true);
    const writing = database.transaction(STORE, "readwrite");
    const files = writing.objectStore(STORE);
    for (const one of entries) {
      const parts = one.path.split("/");
      for (let depth = 1; depth < parts.length; depth++) {
        const above = parts.slice(0, depth).join("/");
        if (!(await done(files.get(above)))) files.put(folder(above), above);
      }
      files.put(one, one.path);
    }
    await new Promise((resolve, reject) => {
      writing.oncomplete = resolve;
      writing.onerror = writing.onabort = () => reject(new Error("This browser would not store it: is there room on the disk? Nothing was changed."));
    });
    database.close();
    return `${entries.length} files were put back. Reload a page of the lab that is open.`;
  }

  // --------------------------------------------------------------------------------------------------------- the page

  async function show() {
    const place = document.getElementById("browser-work");
    if (!place || !location.protocol.startsWith("http") || !indexedDB?.databases) return;
    const said = document.createElement("p");
    said.setAttribute("role", "status");
    const list = document.createElement("ul");

    const act = async (what) => {
      try {
        said.textContent = await what();
      } catch (problem) {
        said.textContent = problem.message;
      }
      draw();
    };
    const button = (words, what) => {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = words;
      one.addEventListener("click", () => act(what));
      const item = document.createElement("li");
      item.append(one);
      return item;
    };

    async function draw() {
      const paths = [...(await stored()).keys()].filter((path) => !path.startsWith(".ospolab"));
      const begun = [...new Set(paths.filter((path) => path.startsWith("exercises/")).map((path) => path.split("/")[1]))];
      const files = document.createElement("a");
      files.href = new URL("tree/index.html", LAB).href;
      files.textContent = "All files of the lab, yours among them";
      const first = document.createElement("li");
      first.append(files);
      const items = begun.map((name) => button(`Zip of the exercise ${name}, to hand in`, () => handIn(name)));
      if (paths.length) items.push(button(`Zip of everything (${paths.length} files)`, everything));
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "file";
      input.accept = ".zip,application/zip";
      input.addEventListener("change", () => act(() => putBack(input.files[0])));
      label.append("Put a zip back: ", input);
      const last = document.createElement("li");
      last.append(label);
      list.replaceChildren(first, ...items, last);
      return paths.length;
    }

    place.replaceChildren(list, said);
    if (!(await draw())) said.textContent = "Nothing of yours is in this browser yet.";
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", show);
  else show();
})();
