// The documents on the left: what is there, which of them are asked, adding and deleting.

const ticked = new Set();
const chosen = () => [...ticked];
let known = 0;

async function refresh() {
  const listed = await call("documents", { filter: find("#filter").value });
  known = listed.count;
  find("#documents").innerHTML = listed.count ? listed.html : '<p class="hint">No documents yet. Add some files to ask them.</p>';
  find("#failures").innerHTML = listed.failures;
  find("#coverage").textContent = listed.coverage;
  for (const box of all('.documents input')) box.checked = ticked.has(box.value);
  for (const item of all(".documents li")) item.toggleAttribute("aria-current", item.dataset.document === viewer.docId);
  scope();
  const states = await call("sources");
  for (const [docId, state] of Object.entries(states)) {
    const item = all(".documents li").find((each) => each.dataset.document === docId);
    if (item) find(".state", item).textContent = state;
  }
}

/** Say which documents a question goes to. */
function scope() {
  const text = ticked.size ? `Asking ${ticked.size} of ${known}.` : known > 1 ? `Asking all ${known}; tick some to ask only those.` : "";
  find("#scope").replaceChildren(text);
  if (ticked.size) find("#scope").append(" ", make("button", { type: "button", textContent: "Ask all", className: "button", onclick: askAll }));
}

function askAll() {
  ticked.clear();
  all(".documents input").forEach((box) => (box.checked = false));
  scope();
}

const FOLLOWED_MS = 2000;
let generation = null;

/** Say how the folder stands that the library follows, and list the documents anew when it has brought some. */
async function following() {
  const followed = await call("followed").catch(() => null);
  if (followed) {
    find("#following").textContent = followed.state;
    find("#following").hidden = !followed.state;
    if (generation !== null && followed.generation !== generation) await refresh().catch(() => {});
    generation = followed.generation;
  }
  if (!followed || followed.state) setTimeout(following, FOLLOWED_MS);
}

async function suggest() {
  const suggested = await call("suggestions").catch(() => ({ html: "" }));
  find("#suggestions").innerHTML = suggested.html;
}

const confirmDelete = (button) =>
  confirmed("Delete this document?", button.dataset.title, "It can no longer be asked, and its earlier versions are gone, too. A file that you added from a folder of yours stays there.", () => remove(button));

/** Ask whether something may be deleted, and do it then. */
function confirmed(title, name, hint, act) {
  const dialog = find("#confirm");
  find("#confirm-title").textContent = title;
  find("#confirm-name").textContent = name;
  find("#confirm-hint").textContent = hint;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "delete" && Promise.resolve(act()).catch((error) => say(error.message)), { once: true });
  dialog.showModal();
}

/** List the documents or the conversations on the left. */
function side(name) {
  for (const part of all(".side")) part.hidden = part.dataset.of !== name;
  for (const button of all("#side button")) button.setAttribute("aria-pressed", String(button.dataset.side === name));
  if (name === "conversations") return recall();
  if (name === "notes") return notes.show();
}

/** Tell the other tabs of this browser that the documents have changed; they listen, and look again when they are shown. */
const tabs = new BroadcastChannel("pincite");
const changed = () => tabs.postMessage("documents");

async function remove(button) {
  const docId = button.dataset.remove;
  try {
    await call("remove", { doc_id: docId });
    ticked.delete(docId);
    if (viewer.docId === docId) viewer.close();
    changed();
    await Promise.all([refresh(), suggest()]);
    say("Deleted");
    find("#filter").focus();
  } catch (error) {
    say(error.message);
  }
}

// --- adding

let adding = Promise.resolve();

/** Add files one after the other, after those that are being added already. */
function add(files) {
  if (files.length) {
    side("documents");
    show("library");
  }
  adding = adding.then(() => addAll([...files])).catch((error) => say(error.message));
}

async function addAll(files) {
  const bar = make("progress", { max: files.length, ariaLabel: "Adding files" }); // moves by itself until one is done
  const line = make("p");
  find("#uploads").replaceChildren(line, bar);
  let failed = 0;
  let known = 0;
  let left = 0;
  for (const [index, file] of files.entries()) {
    line.textContent = `Adding ${index + 1} of ${files.length}: ${file.name}`;
    const { error, note, skipped, new: fresh } = await addOne(file);
    failed += error ? 1 : 0;
    left += skipped ? 1 : 0;
    known += error || skipped || fresh ? 0 : 1;
    const told = error || (skipped ? "left as it is; nothing was added" : fresh ? (note ? `added, but ${note}` : "added") : "is here already; nothing was added");
    if (error || note || files.length <= 5) bar.after(make("p", { className: error ? "bad" : "", textContent: `${file.name}: ${told}` }));
    bar.value = index + 1;
  }
  bar.remove();
  const counts = [`${files.length - failed - known - left} of ${files.length} added`, known && `${known} here already`, left && `${left} left out`, failed && `${failed} failed`];
  line.textContent = counts.filter(Boolean).join("; ");
  line.className = "told";
  line.append(make("button", { type: "button", className: "button", textContent: "Close", onclick: () => find("#uploads").replaceChildren() }));
  changed();
  await Promise.all([refresh(), suggest()]);
}

/** Send one file; resolves to {error} or {note}: what was wrong with it, or what of it was not read. */
async function addOne(file) {
  const sent = await sendAs("upload", file);
  if (!sent.held) return sent;
  const choice = await chosenFor(sent.held);
  return choice ? sendAs(choice, file) : { skipped: true };
}

/** Add a text that somebody pastes as a file of its own, or the page whose address it is, which the server fetches. */
function paste() {
  const dialog = find("#pasting");
  const text = find("#pasted");
  const title = find("#entitled");
  find("#pasting-title").textContent = limits.offline ? "Paste a text" : "Paste a text, or the address of a page";
  find("#pasted-hint").textContent = limits.offline ? "It becomes a document." : "A text becomes a document. A page is fetched once, and kept as it is today.";
  dialog.returnValue = "";
  dialog.addEventListener("close", () => {
    const pasted = text.value.trim();
    if (dialog.returnValue !== "add" || !pasted) return;
    const name = title.value.trim() || pasted.split(/\s+/).slice(0, 6).join(" ");
    text.value = title.value = "";
    const made = /^https?:\/\/\S+$/i.test(pasted) && !limits.offline ? { name: pasted, url: pasted } : new File([pasted], `${name.replace(/[./]/g, " ")}.txt`);
    add([made]);
  }, { once: true });
  dialog.showModal();
}

/** Ask what becomes of the file that is here under the same name; resolves to "replace", "beside" or "". */
function chosenFor(name) {
  const dialog = find("#held");
  find("#held-name").textContent = name;
  dialog.returnValue = "";
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    dialog.showModal();
  });
}

async function sendAs(name, file) {
  if (file.url) return call("fetch_page", { url: file.url, namesake: name }).catch((error) => ({ error: error.message }));
  const { types, bytes } = limits;
  const suffix = /\.[^.]*$/.exec(file.name.toLowerCase())?.[0] || "(none)";
  if (!types.includes(suffix)) return { error: `files of type ${suffix} cannot be read; those that can are listed below` };
  if (file.size > bytes) return { error: `has ${(file.size / 2 ** 20).toFixed(1)} MB; at most ${bytes / 2 ** 20} MB are read` };
  const form = new FormData();
  const component = window.gradio_config.components.find((each) => each.props.elem_id === "pincite");
  for (const [key, value] of Object.entries({ component_id: component.id, session_hash: "upload", fn_name: name, library: shownLibrary })) form.append(key, value);
  form.append("file", file);
  try {
    const response = await fetch("gradio_api/component_server/", { method: "POST", body: form });
    if (response.status === 401) {
      await login.again();
      return sendAs(name, file);
    }
    const result = await response.json();
    return response.ok ? result : { error: String(result.detail || "was refused") };
  } catch (error) {
    return { error: "could not be sent; is Pincite still running?" };
  }
}
