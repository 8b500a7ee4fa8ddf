// The same questions asked of every document: a table that grows row by row, and can be stopped and saved.

const AT_ONCE = 4; // documents asked in one call
const reviewing = { run: null, questions: [], rows: [] };

/** Show the conversation or the review in the middle. */
function work(on) {
  page.dataset.work = on;
  for (const button of all("#work button")) button.setAttribute("aria-pressed", String(button.dataset.workOn === on));
  show("ask");
}

const boxInUse = () => (page.dataset.work === "review" ? find("#questions") : box);

const told = (text) => (find("#progress").textContent = text);

/** Ask the ticked documents, or all; what is there when it is stopped or fails stays. */
async function review() {
  if (reviewing.run) return halt();
  const run = (reviewing.run = {});
  find("#trouble").textContent = "";
  find("#go").textContent = "Stop";
  let done = 0;
  let ids = [];
  try {
    const { documents, head, questions } = await call("reviewable", { questions: find("#questions").value.split("\n"), documents: chosen() });
    if (reviewing.run !== run) return;
    ids = documents;
    Object.assign(reviewing, { questions, rows: [] });
    find("#save").hidden = true;
    find("#table").innerHTML = `<table><thead>${head}</thead><tbody></tbody></table>`;
    const total = `${ids.length} document${ids.length === 1 ? "" : "s"}`;
    for (; done < ids.length; done += AT_ONCE) {
      told(`${done} of ${total}`);
      const made = await call("reviewed", { questions, documents: ids.slice(done, done + AT_ONCE), threshold: confidence.threshold() });
      if (reviewing.run !== run) return;
      reviewing.rows.push(...made.rows);
      find("#table tbody").insertAdjacentHTML("beforeend", made.html);
    }
    told(counted());
  } catch (error) {
    if (reviewing.run !== run) return;
    find("#trouble").textContent = error.message;
    told(done < ids.length ? `Stopped after ${done} of ${ids.length} document${ids.length === 1 ? "" : "s"}.` : "");
  }
  ended();
}

function halt() {
  told(`Stopped. ${counted()}`);
  ended();
}

function ended() {
  reviewing.run = null;
  find("#go").textContent = "Review";
  find("#save").hidden = !reviewing.rows.length;
}

function counted() {
  const { rows, questions } = reviewing;
  const stated = rows.flatMap((row) => row.answers).filter((answer) => answer.citations.length).length;
  return `${rows.length} document${rows.length === 1 ? "" : "s"}; ${stated} of ${rows.length * questions.length} stated.`;
}

/** Show the quotes of a cell in their place, the best first. */
async function cell(button) {
  const { of: docId, cell: column } = button.dataset;
  const { citations } = reviewing.rows.find((row) => row.doc_id === docId).answers[Number(column)];
  check(await viewer.cited(button.closest("td"), citations));
}

async function save(button) {
  const suffix = button.dataset.save;
  const { content } = await call("review_file", { suffix, questions: reviewing.questions, rows: reviewing.rows });
  downloadBytes(`review${suffix}`, content);
}

find("#asking").addEventListener("submit", (event) => {
  event.preventDefault();
  review();
});
find("#questions").addEventListener("input", (event) => sessionStorage.setItem("questions", event.target.value)); // outlives a reload
find("#questions").value = sessionStorage.getItem("questions") || "";
