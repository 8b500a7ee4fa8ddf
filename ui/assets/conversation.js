// Questions and answers. The server keeps them for whoever asked; the address names the conversation.

const LONG = 200; // characters of a question that is folded to three lines, so that its answer stays in view
const turns = [];
const conversation = { id: "", editing: null };
let pending = null;

const before = (number) =>
  turns
    .slice(0, number)
    .filter((turn) => turn.result)
    .flatMap(({ question, result }) => [
      { role: "user", content: question },
      { role: "assistant", content: result.record.text },
    ]);

/** Ask a question; the answer takes its place below the others. */
async function ask(question) {
  question = question.trim();
  if (!question || pending) return;
  const edited = conversation.editing;
  conversation.editing = null;
  if (edited && edited === turns.at(-1)) {
    turns.pop();
    edited.element.remove();
  }
  const turn = place({ question, passages: 5, number: edited?.number ?? null, result: null });
  turn.element.scrollIntoView({ block: "start" });
  await answer(turn);
}

/** Put a turn on the page, at the end or at the beginning. */
function place(turn, first = false) {
  const { question } = turn;
  turn.element = make("article", { className: "turn" });
  turn.body = make("div");
  const long = question.length > LONG || question.split("\n").length > 3;
  turn.element.append(make("h3", { textContent: question, dir: "auto", className: long ? "long" : "", title: long ? question : "" }));
  const edit = make("p", { className: "edit" });
  for (const [name, label] of [["edit", "Edit question"], ["again", "Ask again"]]) {
    const button = make("button", { type: "button", textContent: label });
    button.dataset.do = name;
    edit.append(button);
  }
  turn.element.append(edit, turn.body);
  first ? turns.unshift(turn) : turns.push(turn);
  find("#empty").hidden = true;
  first ? find("#turns").prepend(turn.element) : find("#turns").append(turn.element);
  return turn;
}

/** Ask (again) for a turn that is on the page. */
async function answer(turn, documents = chosen()) {
  const waiting = setTimeout(() => turn.body.replaceChildren(make("p", { className: "waiting", textContent: "Looking in the documents" })), 150);
  const mine = (pending = {});
  busy(true);
  try {
    const given = { question: turn.question, history: before(turns.indexOf(turn)), conversation: conversation.id, number: turn.number, documents, passages: turn.passages, threshold: confidence.threshold() };
    const result = await call("ask", given);
    if (mine.stopped) return;
    draft(box.value);
    turn.result = result;
    turn.number = result.number || null;
    turn.body.innerHTML = result.html;
    kept(result.conversation);
    if (!result.record.found && !result.record.reply && documents.length) offer(turn, "Ask all documents", () => answer(turn, []));
    check(turn);
    follow_up(turn);
    if (result.record.citations.length) viewer.quote(turn, result.record.citations[0].marker, false).catch(() => {});
    else viewer.unmark(); // the quotes of the answer before are no answer to this
  } catch (error) {
    if (mine.stopped) return;
    draft(box.value || turn.question); // which a reload, or another login, would lose
    turn.body.replaceChildren(make("p", { className: "warning", textContent: error.message }));
    offer(turn, "Try again", () => answer(turn, documents));
  } finally {
    clearTimeout(waiting);
    if (pending === mine) {
      pending = null;
      busy(false);
    }
  }
}

const REST_MS = 500; // before the server is asked what may be asked next: others may be waiting for their answers

/** Offer what may be asked next: questions of what stands around the quotes. */
async function follow_up(turn) {
  const { found, citations } = turn.result.record;
  await new Promise((done) => setTimeout(done, REST_MS));
  if (!found || pending || turn !== turns.at(-1)) return;
  const offered = await call("following", { question: turn.question, citations }).catch(() => ({ html: "" }));
  all(".next").forEach((each) => each.remove()); // only under the last answer
  if (offered.html && turn === turns.at(-1)) turn.body.append(make("ul", { className: "next", ariaLabel: "Questions that may follow", innerHTML: offered.html }));
}

/** Offer what may help where there is no answer. */
function offer(turn, label, onclick) {
  const button = make("button", { type: "button", className: "button", textContent: label, onclick });
  turn.body.append(make("p", { className: "offer" }, button));
}

/** The page's address with a conversation; "#…" alone would lose the library, as Gradio's page has a base of its own. */
const addressOf = (id) => `${location.pathname}${location.search}#${new URLSearchParams({ c: id })}`;

/** Name the conversation in the address, once it has been kept, and list it. */
function kept(id) {
  if (!id) return;
  if (id !== conversation.id) history.replaceState(history.state, "", addressOf(id));
  conversation.id = id;
  recall();
}

/** Begin a new conversation. The one before stays in the list. */
function begin(remember = true) {
  stop();
  Object.assign(conversation, { id: "", editing: null });
  turns.length = 0;
  find("#turns").replaceChildren();
  find("#earlier").hidden = true;
  find("#empty").hidden = false;
  viewer.unmark();
  if (remember) history.pushState(null, "", location.pathname + location.search);
  for (const item of all(".conversations li")) item.removeAttribute("aria-current");
}

/** Open a kept conversation: its last turns; those before come when they are asked for. */
async function open(id, remember = true) {
  const found = await call("conversation", { id });
  if (found.gone) {
    if (!remember) begin(true);
    return say("This conversation was deleted, or is somebody else’s.");
  }
  begin(false);
  conversation.id = id;
  if (remember) history.pushState(null, "", addressOf(id));
  found.turns.forEach((turn) => restore(turn));
  find("#earlier").hidden = !found.more;
  for (const item of all(".conversations li")) item.toggleAttribute("aria-current", item.dataset.conversation === id);
  if (turns.length) {
    turns.at(-1).element.scrollIntoView({ block: "start" });
    follow_up(turns.at(-1));
  }
}

function restore({ question, number, passages, ...result }, first = false) {
  const turn = place({ question, number, passages: passages || 5, result }, first);
  turn.body.innerHTML = result.html;
  check(turn);
}

async function earlier() {
  const height = find("#scroll").scrollHeight;
  const found = await call("conversation", { id: conversation.id, before: turns[0].number });
  if (found.gone) return begin();
  found.turns.reverse().forEach((turn) => restore(turn, true));
  find("#earlier").hidden = !found.more;
  find("#scroll").scrollTop += find("#scroll").scrollHeight - height;
}

function stop() {
  if (!pending) return;
  pending.stopped = true;
  pending = null;
  const turn = turns.at(-1);
  if (!turn.result) turn.body.replaceChildren(make("p", { className: "hint", textContent: "Stopped." }));
  busy(false);
}

function busy(now) {
  find("#send").textContent = now ? "Stop" : "Ask";
  find("#turns").setAttribute("aria-busy", String(now));
}

/** Say on a quote that its file has changed or vanished since. */
async function check(turn) {
  if (!turn.result.record.citations.length) return;
  const states = await call("verify", { citations: turn.result.record.citations }).catch(() => ({}));
  for (const [marker, state] of Object.entries(states)) {
    const place = find(`[data-state-of="${Number(marker)}"]`, turn.element);
    if (place) place.innerHTML = state; // escaped by render.py
  }
}

const turnOf = (inside) => turns.find((turn) => turn.element.contains(inside));

// --- what people do with an answer

const markdown = ({ question, result }) => `## ${question.replace(/([\\`*_<>\[\]#&])/g, "\\$1").replace(/\s+/g, " ")}\n\n${result.markdown}\n`;
const answered = () => turns.filter((turn) => turn.result);

const actions = {
  edit: (turn) => {
    conversation.editing = turn;
    box.value = turn.question;
    grow();
    box.focus();
  },
  again: (turn) => !pending && answer(turn),
  "copy-markdown": (turn) => copy(markdown(turn), "Copied as Markdown"),
  "copy-plain": (turn) => copy(turn.result.plain, "Copied with citations"),
  more: async (turn) => {
    turn.passages = Math.min(turn.passages * 2, 50);
    await answer(turn);
    const behind = find(".behind", turn.element);
    if (behind) behind.open = true;
    find("summary", turn.element)?.focus();
  },
  good: (turn, button) => judge(turn, button, true),
  bad: (turn, button) => judge(turn, button, false),
};

/** Ask for a note, and keep the judgement with it. */
function judge(turn, button, good) {
  find(".note", turn.element)?.remove();
  for (const each of all('[data-do="good"], [data-do="bad"]', turn.element)) each.setAttribute("aria-pressed", String(each === button));
  const hint = good ? "What was good? (may stay empty)" : "What is wrong, or where does the answer stand?";
  const note = make("input", { placeholder: hint, maxLength: 2000, ariaLabel: hint });
  const form = make("form", { className: "note" }, note, make("button", { textContent: "Send" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { found, citations } = turn.result.record;
    const quotes = citations.map((each) => each.quote);
    try {
      await call("feedback", { question: turn.question, found, quotes, good, note: note.value });
      form.remove();
      say("Kept in the library. Thank you.");
      button.focus();
    } catch (error) {
      say(error.message);
    }
  });
  find(".actions", turn.element).after(form);
  form.scrollIntoView({ block: "nearest" });
  note.focus({ preventScroll: true });
}

/** All turns of the conversation, those too that are not on the page. */
const whole = async () => {
  if (!conversation.id) return answered();
  const { turns: all } = await call("exported", { id: conversation.id });
  return all.map(({ question, ...result }) => ({ question, result }));
};

/** Save the conversation as a file that the server writes. */
const saved = async (suffix) => {
  const onPage = answered().map(({ question, result: { record } }) => ({ question, record: { text: record.text, citations: record.citations } }));
  const { content } = await call("conversation_file", { id: conversation.id, turns: conversation.id ? [] : onPage, suffix });
  return content ? downloadBytes(`conversation${suffix}`, content) : say("Nothing is quoted yet");
};

const exports = {
  "export-word": () => saved(".docx"),
  "export-bibtex": () => saved(".bib"),
  "export-markdown": async () => download("conversation.md", "text/markdown", (await whole()).map(markdown).join("\n")),
  "export-json": async () => {
    const answers = (await whole()).map((turn) => turn.result.record);
    download("conversation.json", "application/json", JSON.stringify({ answers }, null, 2));
  },
};

// --- the list of conversations

async function recall() {
  const listed = await call("conversations", { filter: find("#recall").value }).catch(() => null);
  if (!listed) return;
  const yet = listed.kept ? "No conversations yet. What you ask is kept here." : "Conversations are not kept here: they would need a cookie, and a library in a folder.";
  const none = find("#recall").value ? "No conversation has these words." : yet;
  find("#keeping").hidden = !listed.kept;
  find("#conversations").innerHTML = listed.count ? listed.html : `<p class="hint">${none}</p>`;
  for (const item of all(".conversations li")) item.toggleAttribute("aria-current", item.dataset.conversation === conversation.id);
}

const rename = (button) =>
  named("Rename this conversation", "Rename", button.dataset.title, async (title) => {
    await call("rename", { id: button.dataset.rename, title });
    recall();
  });

const forget = (button) =>
  confirmed("Delete this conversation?", button.dataset.title, "Its questions and answers are gone then. The documents stay.", async () => {
    await call("forget", { id: button.dataset.forget });
    if (conversation.id === button.dataset.forget) begin();
    await recall();
    say("Deleted");
    find("#recall").focus();
  });
