// Events, keys, and how the page begins.

// --- clicks: every button says in its data what it does

const clicks = {
  cite: (button) => viewer.quote(turnOf(button), Number(button.dataset.cite)),
  link: (button) => viewer.link(button.dataset.link),
  ask: (button) => ask(button.dataset.ask),
  show: (button) => show(button.dataset.show),
  cell,
  save,
  workOn: (button) => {
    work(button.dataset.workOn);
    boxInUse().focus();
  },
  remove: confirmDelete,
  shelf: (button) => libraries[button.dataset.shelf](button.dataset.name),
  open: async (button) => {
    await open(button.dataset.open);
    work("ask");
  },
  rename,
  forget,
  pin: notes.pin,
  note: notes.open,
  unpin: notes.unpin,
  notes: notes.save,
  side: (button) => side(button.dataset.side),
  doc: (button) => viewer.paragraph(button.dataset.doc, button.dataset.paragraph, button.dataset.version),
  sheet: (button) => viewer.sheet(button),
  zoom: (button) => viewer.zoom(Number(button.dataset.zoom)),
  sight: (button) => viewer.see(button.dataset.sight),
  do: (button) => act(button, button.dataset.do),
};

function act(button, name) {
  if (name in actions) return actions[name](turnOf(button), button);
  if (name in exports) {
    closeMenus();
    return answered().length ? exports[name]() : say("There is nothing to export yet");
  }
  if (name === "api") return showApi();
  if (name === "begin") {
    begin();
    work("ask");
    return box.focus();
  }
  if (name === "earlier") return earlier();
  if (name === "paste") return paste();
  if (name === "unpasted") return find("#pasting").close("");
  if (name === "unnamed") return find("#naming").close();
  if (name === "logout") return login.out();
  if (name === "later") return find("#login").close("later");
  if (name === "theme") return localStorage.setItem("theme", document.body.classList.toggle("dark") ? "dark" : "light");
  return viewer.walk(name === "next" ? 1 : -1);
}

const closeMenus = (but) => all(".menu").forEach((menu) => menu !== but && (menu.open = false));

/** Open Gradio's page about the endpoints, which it loads when its own link (hidden here) is pointed at. */
function showApi() {
  closeMenus();
  const link = document.querySelector("footer .show-api");
  link.dispatchEvent(new MouseEvent("mouseenter"));
  setTimeout(() => link.click(), 500);
}

page.addEventListener("click", async (event) => {
  event.target.closest("h3.long")?.classList.toggle("whole");
  closeMenus(event.target.closest(".menu"));
  const button = event.target.closest("button");
  const kind = button && Object.keys(clicks).find((name) => name in button.dataset);
  if (!kind) return;
  hideTip();
  try {
    await clicks[kind](button);
  } catch (error) {
    say(error.message);
  }
});

page.addEventListener("change", (event) => {
  if (event.target.id === "files") {
    add([...event.target.files]);
    event.target.value = "";
  } else if (event.target.matches(".documents input")) {
    event.target.checked ? ticked.add(event.target.value) : ticked.delete(event.target.value);
    scope();
  } else if (event.target.matches("[data-writes]")) {
    notes.write(event.target);
  }
});

let typing;
find("#filter").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => refresh().catch((error) => say(error.message)), 150);
});

page.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".glance")) viewer.glance(event.target);
  if (event.target.id === "libraries" && event.target.open) libraries.list(); // another tab may have changed them
}, true); // it does not bubble

// --- the box

const box = find("#question");

function grow() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
}

function send() {
  if (pending) return stop();
  const question = box.value;
  box.value = "";
  draft("");
  grow();
  ask(question);
}

const draft = (text) => (text ? sessionStorage.setItem("draft", text) : sessionStorage.removeItem("draft"));
box.addEventListener("input", () => {
  grow();
  draft(box.value); // what was typed outlives a reload and a lost login
});
find("#recall").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(recall, 150);
});
find("#composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

// --- keys

page.addEventListener("keydown", (event) => {
  if (event.target === box && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!pending) send();
  } else if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    viewer.walk(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape" && !find("dialog[open]")) {
    closeMenus();
    hideTip();
    stop();
    show("ask");
    boxInUse().focus();
  }
});

// --- the quote behind a marker, on hover and focus

function tip(event) {
  const marker = event.target.closest?.(".marks [data-cite], .marker [data-cite]");
  if (!marker) return hideTip();
  const citation = turnOf(marker).result.record.citations.find((each) => each.marker === Number(marker.dataset.cite));
  const floating = find("#tip");
  floating.textContent = citation.quote.length > 400 ? `${citation.quote.slice(0, 400)}…` : citation.quote;
  floating.hidden = false;
  const place = marker.getBoundingClientRect();
  const above = place.top - floating.offsetHeight - 8;
  floating.style.left = `${Math.max(12, Math.min(place.left, innerWidth - floating.offsetWidth - 12))}px`;
  floating.style.top = `${above > 8 ? above : place.bottom + 8}px`;
}

const hideTip = () => (find("#tip").hidden = true);
page.addEventListener("mouseover", tip);
page.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && tip(event));
page.addEventListener("focusout", hideTip);
page.addEventListener("scroll", (event) => event.target !== find("#paper") && hideTip(), true); // the source moves on its own

// --- dropping files

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
page.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  page.classList.add("dropping");
});
page.addEventListener("dragleave", (event) => event.relatedTarget || page.classList.remove("dropping"));
page.addEventListener("drop", (event) => {
  page.classList.remove("dropping");
  if (!carriesFiles(event)) return;
  event.preventDefault();
  add([...event.dataTransfer.files]);
});

// --- beginning

async function start() {
  const theme = localStorage.getItem("theme");
  if (theme) document.body.classList.toggle("dark", theme === "dark");
  find("#files").accept = limits.types.join(",");
  find("#most").textContent = limits.bytes / 2 ** 20;
  confidence.begin();
  await login.begin();
  await libraries.list();
  find("#types").textContent = limits.types.join(" ");
  box.value = sessionStorage.getItem("draft") || "";
  grow();
  box.focus();
  for (;;) {
    const { ready, error } = await call("status");
    find("#problem").textContent = error;
    if (ready) break;
    find("#coverage").textContent = "Preparing the model; the first start takes about 20 s";
    await new Promise((done) => setTimeout(done, 400));
  }
  await refresh();
  await Promise.all([suggest(), recall(), follow(history.state)]);
  following();
  page.dataset.ready = "true";
}

// What another tab, another person or a watched folder has changed is there as soon as somebody looks.
const again = () => page.dataset.ready && !document.hidden && Promise.all([refresh(), recall(), turns.length ? null : suggest()]).catch(() => {});
tabs.addEventListener("message", again);
document.addEventListener("visibilitychange", again);
window.addEventListener("focus", again);
/** Go where the address says: to a conversation, or to none, and to a place in a document. */
async function follow(state) {
  const named = new URLSearchParams(location.hash.slice(1));
  if (named.has("c") && named.get("c") !== conversation.id) await open(named.get("c"), false).catch((error) => say(error.message));
  if (!location.hash && conversation.id) begin(false);
  show(state?.pane || "ask", false);
  await viewer.follow();
}

window.addEventListener("popstate", (event) => page.dataset.ready && follow(event.state));
start().catch((error) => (find("#problem").textContent = error.message));
