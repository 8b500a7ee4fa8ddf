// Questions and answers, kept in this page only: a reload or another browser begins anew.

const LONG = 200; // characters of a question that is folded to three lines, so that its answer stays in view
const turns = [];
let pending = null;

const history = (before) =>
  turns
    .slice(0, before)
    .filter((turn) => turn.result)
    .flatMap(({ question, result }) => [
      { role: "user", content: question },
      { role: "assistant", content: result.record.text },
    ]);

/** Ask a question; the answer takes its place below the others. */
async function ask(question) {
  question = question.trim();
  if (!question || pending) return;
  const turn = { question, passages: 5, result: null, element: make("article", { className: "turn" }) };
  turn.body = make("div");
  const long = question.length > LONG || question.split("\n").length > 3;
  turn.element.append(make("h3", { textContent: question, dir: "auto", className: long ? "long" : "", title: long ? question : "" }), turn.body);
  turns.push(turn);
  find("#empty").hidden = true;
  find("#turns").append(turn.element);
  turn.element.scrollIntoView({ block: "start" });
  await answer(turn);
}

/** Ask (again) for a turn that is on the page. */
async function answer(turn, documents = chosen()) {
  const waiting = setTimeout(() => turn.body.replaceChildren(make("p", { className: "waiting", textContent: "Looking in the documents" })), 150);
  const mine = (pending = {});
  busy(true);
  try {
    const given = { question: turn.question, history: history(turns.indexOf(turn)), documents, passages: turn.passages, threshold: confidence.threshold() };
    const result = await call("ask", given);
    if (mine.stopped) return;
    turn.result = result;
    turn.body.innerHTML = result.html;
    if (!result.record.found && !result.record.reply && documents.length) offer(turn, "Ask all documents", () => answer(turn, []));
    check(turn);
    if (result.record.citations.length) viewer.quote(turn, result.record.citations[0].marker, false).catch(() => {});
  } catch (error) {
    if (mine.stopped) return;
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

/** Offer what may help where there is no answer. */
function offer(turn, label, onclick) {
  const button = make("button", { type: "button", className: "button", textContent: label, onclick });
  turn.body.append(make("p", { className: "offer" }, button));
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
    if (place) place.textContent = state;
  }
}

const turnOf = (inside) => turns.find((turn) => turn.element.contains(inside));

// --- what people do with an answer

const markdown = ({ question, result }) => `## ${question.replace(/([\\`*_<>\[\]#&])/g, "\\$1").replace(/\s+/g, " ")}\n\n${result.markdown}\n`;
const answered = () => turns.filter((turn) => turn.result);

const actions = {
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

const exports = {
  "export-markdown": () => download("conversation.md", "text/markdown", answered().map(markdown).join("\n")),
  "export-json": () => {
    const answers = answered().map((turn) => turn.result.record);
    download("conversation.json", "application/json", JSON.stringify({ answers }, null, 2));
  },
};
