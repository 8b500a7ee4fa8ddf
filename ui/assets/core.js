// What the other parts share: finding elements, calling the server, telling people.

const limits = JSON.parse(props.limits);
const page = element.querySelector(".pincite");
const find = (selector, within = page) => within.querySelector(selector);
const all = (selector, within = page) => [...within.querySelectorAll(selector)];

const UNASKED = new Set(["status", "documents", "followed", "following", "sources", "suggestions", "conversations", "notes", "verify", "libraries"]); // what the page calls by itself

const shownLibrary = new URLSearchParams(location.search).get("library") || ""; // "" for the first

/** Call a function of ui/web/service.py, after another login where one has ended; what goes wrong is thrown with a text for people. */
async function call(name, given = {}) {
  const once = () => server[name]({ library: shownLibrary, ...given }).catch(() => undefined);
  let result = await once();
  if (!result && (await login.state()).ended) {
    await login.again(UNASKED.has(name));
    result = await once();
  }
  if (!result) {
    throw new Error("The server does not answer. Is Pincite still running? Reload the page when it is.");
  }
  if (result.error) throw new Error(result.error);
  return result;
}

/** Who uses the page, where it has a login. When that ends, here or elsewhere, the page stays and asks for it anew. */
const login = {
  person: "",
  session: false, // whether one of ours, and not a proxy's
  asking: null,
  declined: false, // "Not now": then only what somebody does asks again

  /** Ask the server: {person, session}, or {ended}; {} where the page has no login, or the server does not answer. */
  async state() {
    const answer = limits.login && (await fetch("login", { headers: { accept: "application/json" } }).catch(() => null));
    if (answer?.ok) return answer.json();
    return { ended: answer?.status === 401 };
  },

  async begin() {
    const { person = "", session = false } = await login.state();
    Object.assign(login, { person, session });
    find("#person").hidden = !session;
    const name = person.replace(/^user /, "");
    find("#whose").textContent = find("#person summary").title = `Logged in as ${name}`;
    find("#login [name=username]").value = name;
  },

  /** Ask for user and password above the page; an error where somebody would rather not say them now, or did so before. */
  again(unasked) {
    const out = new Error("You are logged out. Reload to log in; what you typed stays.");
    if (login.declined && unasked) throw out;
    if (!login.session) throw new Error("Your login has ended. Log in again in another tab, and go on here.");
    login.asking ??= new Promise((done, failed) => {
      const dialog = find("#login");
      const form = find("form", dialog);
      form.onsubmit = async (event) => {
        event.preventDefault();
        find("#login-wrong").textContent = await login.send(form);
        if (find("#login-wrong").textContent) return;
        form.elements.password.value = "";
        const { person } = await login.state();
        if (person === login.person) return dialog.close("in");
        sessionStorage.clear(); // what is on the page is another person's
        location.replace(location.pathname);
      };
      dialog.onclose = () => {
        login.asking = null;
        login.declined = dialog.returnValue !== "in";
        dialog.returnValue === "in" ? done() : failed(out);
      };
      dialog.returnValue = "";
      dialog.showModal();
      form.elements.password.focus();
    });
    return login.asking;
  },

  async out() {
    await fetch("logout", { method: "POST" });
    sessionStorage.clear(); // the next person may be another
    location.replace(location.pathname);
  },

  /** Send user and password; return what is wrong, or "". */
  async send(form) {
    const answer = await fetch("login", { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (!answer) return "The server does not answer.";
    if (answer.status === 429) return (await answer.json()).detail;
    return answer.ok ? "" : "User or password is wrong.";
  },
};

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

/** Save a file that the server wrote. base64: its bytes. */
const downloadBytes = (name, base64) => download(name, "application/octet-stream", Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

/** Ask for a name, and do something with it; what is wrong with it is said in the dialog, which stays. */
function named(title, label, value, act) {
  const dialog = find("#naming");
  find("#naming-title").textContent = title;
  find("#naming .strong").textContent = label;
  find("#name").value = value;
  find("#naming-wrong").textContent = "";
  find("form", dialog).onsubmit = async (event) => {
    event.preventDefault();
    try {
      await act(find("#name").value);
      dialog.close();
    } catch (error) {
      find("#naming-wrong").textContent = error.message;
    }
  };
  dialog.showModal();
  find("#name").select();
}

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
