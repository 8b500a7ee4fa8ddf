// The source beside the answer: a whole document, the quotes of one answer marked in it, one of them current.

const viewer = { docId: "", turn: null, marker: 0, plain: new Map(), opening: 0, sight: "text", asking: 0, chosen: false };

/** Open a document, or its version of this hash, unless it is open; resolves to whether it is what should be shown now. */
viewer.open = async (docId, sha256 = "") => {
  if (viewer.docId === docId && (sha256 ? viewer.sha256 === sha256 : !viewer.earlier)) return true;
  const opening = ++viewer.opening;
  const view = await call("view", { doc_id: docId, sha256 });
  if (opening !== viewer.opening) return false;
  Object.assign(viewer, { docId, sha256: view.sha256, earlier: view.earlier });
  find("#original").hidden = !view.file;
  find("#original").href = `original?${new URLSearchParams({ doc_id: docId, library: shownLibrary })}`;
  viewer.plain.clear();
  find("#paper").innerHTML = view.html;
  find("#paper").scrollTop = 0;
  for (const item of all(".documents li")) item.toggleAttribute("aria-current", item.dataset.document === docId);
  return true;
};

viewer.close = (why = "This document was deleted.") => {
  Object.assign(viewer, { docId: "", turn: null, marker: 0 });
  viewer.plain.clear();
  viewer.asText();
  find("#paper").replaceChildren(make("p", { className: "hint nothing", textContent: why }));
  find("#walk").hidden = find("#original").hidden = true;
};

/** Forget the answer whose quotes are marked, and the document that they opened; one that was chosen stays open. */
viewer.unmark = () => {
  if (viewer.turn && !viewer.chosen) {
    for (const item of all(".documents li")) item.removeAttribute("aria-current");
    return viewer.close("Nothing is quoted. Choose a quote or a document, and its text appears here.");
  }
  viewer.mark({});
  Object.assign(viewer, { turn: null, marker: 0 });
  find("#walk").hidden = true;
  viewer.asText();
};

/** Replace passages by the ones with marks, and put back what was marked before. */
viewer.mark = (marks) => {
  for (const [start, html] of viewer.plain) find(`[data-start="${start}"]`, find("#paper")).outerHTML = html;
  viewer.plain.clear();
  for (const [start, html] of Object.entries(marks || {})) {
    const passage = find(`[data-start="${Number(start)}"]`, find("#paper"));
    if (!passage) continue;
    viewer.plain.set(Number(start), passage.outerHTML);
    passage.outerHTML = html;
  }
};

/** Show a quote of a turn in its place. focus: whether the reader goes there too, or only the text does. */
viewer.quote = async (turn, marker, focus = true) => {
  const citation = turn.result.record.citations.find((each) => each.marker === marker);
  if (!citation || !(await viewer.open(citation.doc_id, citation.sha256))) return;
  viewer.mark(turn.result.marks[citation.doc_id]);
  Object.assign(viewer, { turn, marker, chosen: false });
  const marked = all(`mark[data-marker="${marker}"]`);
  marked.forEach((each) => each.classList.add("now"));
  viewer.tell();
  if (focus) show("source");
  viewer.asText();
  find("#sight").hidden = viewer.earlier || !/\.(pdf|png|jpe?g|tiff?|webp)$/i.test(citation.source || "");
  const boxes = viewer.sight === "page" && !find("#sight").hidden ? await viewer.print(citation) : [];
  if (viewer.turn === turn && viewer.marker === marker) viewer.reveal(boxes[0] || marked[0], focus);
};

/** Fill in what the document is about, once somebody opens it. */
viewer.glance = async (details) => {
  const inside = find("div", details);
  if (!details.open || inside.childElementCount) return;
  inside.replaceChildren(make("p", { className: "hint", textContent: "Looking through the document" }));
  const shown = await call("glance", { doc_id: viewer.docId }).catch((error) => ({ html: "", told: error.message }));
  inside.innerHTML = shown.html;
  if (!shown.html) inside.replaceChildren(make("p", { className: "hint", textContent: shown.told || "Nothing stands out in it." }));
};

/** Show quotes that are part of no answer on the page, the best first; resolves to what stands for their turn. */
viewer.cited = async (element, citations) => {
  const { marks } = await call("marked", { citations });
  const turn = { element, result: { record: { citations }, marks } };
  await viewer.quote(turn, citations[0].marker);
  return turn;
};

/** Show the text, as for every document that is no PDF. */
viewer.asText = () => {
  viewer.asking++; // what is still being drawn comes too late
  find("#sight").hidden = find("#sheets").hidden = find("#zoom").hidden = true;
  find("#paper").hidden = false;
  find("#instead").textContent = "";
};

/** Show the printed pages of a quote; resolves to its boxes, or to nothing and says why the text stays. */
viewer.print = async ({ doc_id, start, end }) => {
  const asking = ++viewer.asking;
  const drawn = await call("pages", { doc_id, start, end }).catch((error) => ({ reason: error.message }));
  if (asking !== viewer.asking) return [];
  find("#instead").textContent = drawn.reason || "";
  if (drawn.reason) return [];
  find("#sheets").innerHTML = drawn.html;
  find("#sheets").hidden = find("#zoom").hidden = false;
  find("#paper").hidden = true;
  viewer.beside();
  return all("#sheets .box");
};

/** Offer the pages before and behind those that are shown. */
viewer.beside = () => {
  all("#sheets .beside").forEach((each) => each.remove());
  const numbers = all("#sheets .sheet").map((each) => Number(each.dataset.number));
  for (const [number, label, place] of [[numbers[0] - 1, "Page before", "prepend"], [numbers.at(-1) + 1, "Next page", "append"]]) {
    const button = make("button", { type: "button", className: "button beside", textContent: label });
    button.dataset.sheet = number;
    if (number > 0) find("#sheets")[place](button);
  }
};

viewer.sheet = async (button) => {
  const drawn = await call("sheet", { doc_id: viewer.docId, number: Number(button.dataset.sheet) });
  if (!drawn.html) {
    button.remove();
    return say("There is no such page.");
  }
  const first = button === find("#sheets").firstElementChild;
  button.insertAdjacentHTML(first ? "afterend" : "beforebegin", drawn.html);
  viewer.beside();
  find(`#sheets [data-number="${button.dataset.sheet}"]`).scrollIntoView({ block: first ? "end" : "start" });
};

const SIZES = [0.5, 0.75, 1, 1.5, 2, 3];
viewer.zoom = (step) => {
  const sheets = find("#sheets");
  const now = SIZES.indexOf(Number(sheets.style.getPropertyValue("--zoom") || 1));
  sheets.style.setProperty("--zoom", SIZES[Math.max(0, Math.min(SIZES.length - 1, now + step))]);
};

/** Choose "page" or "text" for this quote and those that follow. */
viewer.see = async (sight) => {
  viewer.sight = sight;
  for (const button of all("#sight button")) button.setAttribute("aria-pressed", String(button.dataset.sight === sight));
  await viewer.quote(viewer.turn, viewer.marker, false);
};

viewer.reveal = (target, focus) => {
  if (!target) return;
  const tall = target.getBoundingClientRect().height > target.closest(".scroll").clientHeight * 0.8;
  // Twice: paragraphs off screen have no height of their own until the first scroll brings them near.
  for (let times = 0; times < 2; times++) target.scrollIntoView({ block: tall ? "start" : "center" });
  if (focus) target.focus({ preventScroll: true });
};

/** Say which quote is current, here and beside the answer. */
viewer.tell = () => {
  const { citations } = viewer.turn.result.record;
  const index = citations.findIndex((each) => each.marker === viewer.marker);
  find("#walk").hidden = false;
  find("#position").textContent = `Quote ${index + 1} of ${citations.length}`;
  for (const item of all(".quotes > li, #table td")) item.classList.remove("now");
  const { element } = viewer.turn;
  const item = element.matches("td") ? element : find(`.marker [data-cite="${viewer.marker}"]`, element)?.closest("li");
  item?.classList.add("now");
};

/** Go to the next (1) or previous (-1) quote, around the end. */
viewer.walk = (step) => {
  if (!viewer.turn) return;
  const { citations } = viewer.turn.result.record;
  const index = citations.findIndex((each) => each.marker === viewer.marker);
  return viewer.quote(viewer.turn, citations[(index + step + citations.length) % citations.length].marker);
};

/** Open a document at a paragraph, for links and for passages that are not quotes. */
viewer.paragraph = async (docId, number, sha256 = "") => {
  if (!(await viewer.open(docId, sha256))) return;
  viewer.chosen = true;
  viewer.asText();
  all(".paragraph.here").forEach((each) => each.classList.remove("here"));
  show("source");
  const target = number && find(`.paragraph[data-number="${Number(number)}"]`);
  if (!target) {
    const glance = find("#paper .glance");
    if (glance) glance.open = true;
    find("#paper").scrollTop = 0;
    return find("#paper").focus();
  }
  target.classList.add("here");
  viewer.reveal(target, false);
  find("button", target).focus({ preventScroll: true });
};

viewer.link = (number) => {
  const place = new URLSearchParams({ doc: viewer.docId, p: number });
  copy(`${location.href.split("#")[0]}#${place}`, `Link to paragraph ${number} copied`);
};

/** Follow the place in the page's address, if it names one. */
viewer.follow = async () => {
  const place = new URLSearchParams(location.hash.slice(1));
  if (place.get("doc")) await viewer.paragraph(place.get("doc"), place.get("p")).catch((error) => say(error.message));
};
