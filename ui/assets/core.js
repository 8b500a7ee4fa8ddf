// What the other parts share: finding elements, calling the server, telling people.

const page = element.querySelector(".pincite");
const find = (selector, within = page) => within.querySelector(selector);
const all = (selector, within = page) => [...within.querySelectorAll(selector)];

/** Call a function of ui/service.py; what goes wrong is thrown with a text for people. */
async function call(name, given = {}) {
  const result = await server[name](given).catch(() => undefined);
  if (!result) {
    throw new Error("The server does not answer. Is Pincite still running? Reload the page when it is.");
  }
  if (result.error) throw new Error(result.error);
  return result;
}

let saidUntil;

/** Say something briefly at the bottom of the page, to screen readers too. */
function say(text) {
  find("#said").textContent = text;
  clearTimeout(saidUntil);
  saidUntil = setTimeout(() => (find("#said").textContent = ""), 3000);
}

/** Show a pane where only some fit: "library", "ask" or "source"; Back returns to the one before. */
function show(pane, remember = true) {
  const narrow = getComputedStyle(find("nav")).display !== "none";
  if (remember && narrow && pane !== page.dataset.view) history.pushState({ pane }, "");
  page.dataset.view = pane;
  for (const button of all("nav [data-show]")) button.toggleAttribute("aria-current", button.dataset.show === pane);
  find(`nav [data-show="${pane}"]`).setAttribute("aria-current", "true");
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch (error) {
    // Browsers give the clipboard to https and localhost only.
    const box = Object.assign(document.createElement("textarea"), { value: text });
    page.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  say(done);
}

function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
