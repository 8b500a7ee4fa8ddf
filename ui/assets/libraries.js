// Several libraries: which one is shown stands in the page's address, so that Back, a reload and two tabs keep theirs.

const libraries = {
  go: (name) => location.assign(`${location.pathname}${name ? `?${new URLSearchParams({ library: name })}` : ""}`),

  /** List them in the menu, which is there only where there is a choice. */
  async list() {
    const { html, name } = await call("libraries").catch(() => ({ html: "", name: "" }));
    find("#libraries").hidden = !html;
    find("#libraries > div").innerHTML = html;
    find("#shown").textContent = name || "Libraries";
    if (shownLibrary && name) document.title = `${name} · Pincite`;
  },

  new: () => named("New library", "Create", "", async (name) => libraries.go((await call("new_library", { name })).name)),

  rename: (from) => named("Rename this library", "Rename", from, async (name) => libraries.go((await call("rename_library", { from, name })).name)),

  async archive(name) {
    await call("archive_library", { name });
    libraries.go("");
  },

  async restore(name) {
    await call("restore_library", { name });
    libraries.go(name);
  },
};
