// The notebook on the left: quotes that were pinned, and what somebody wrote beside them.

const notes = { citations: {} };

notes.show = async () => {
  const listed = await call("notes");
  notes.citations = listed.citations;
  const any = Object.keys(listed.citations).length > 0;
  find("#notes").innerHTML = any ? listed.html : '<p class="hint">No notes yet. Pin a quote under an answer, and write beside it here.</p>';
  find("#notes-as").hidden = !any;
};

/** Pin a quote of an answer. */
notes.pin = async (button) => {
  const turn = turnOf(button);
  const citation = turn.result.record.citations.find((each) => each.marker === Number(button.dataset.pin));
  await call("pin", { question: turn.question, citation });
  say("Pinned to the notes");
  if (!find('[data-of="notes"]').hidden) await notes.show();
};

/** Show a pinned quote in its place. */
notes.open = (button) => viewer.cited(button.closest("li"), [notes.citations[button.dataset.note]]);

notes.write = (area) =>
  call("write_note", { id: area.dataset.writes, note: area.value }).then(() => say("Note kept"), (error) => say(error.message));

/** Delete a note, at once where nothing is written beside the quote. */
notes.unpin = (button) => {
  const written = find("textarea", button.closest("li")).value.trim();
  const act = async () => {
    await call("unpin", { id: button.dataset.unpin });
    await notes.show();
    say("Deleted");
    find("#notes").focus();
  };
  return written ? confirmed("Delete this note?", written, "The quote and what you wrote beside it are gone then. The document stays.", act) : act();
};

notes.save = async (button) => {
  const suffix = button.dataset.notes;
  const { content } = await call("notes_file", { suffix });
  downloadBytes(`notes${suffix}`, content);
};
