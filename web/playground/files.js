// The files of a program: a tab and an editor each. The first is the one that is compiled or run.

import { $, announce, el, sure } from "../ui.js";
import { Editor } from "./editor.js";
import { wrongName } from "./names.js";

/** How many files a program may have: the server takes no more. */
const FILES_MAX = 32;

export class Files {
  #editors = [];
  #shown = 0;
  #language = null;
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
    $("#tabs").addEventListener("keydown", (event) => this.#key(event));
    $("#add-file").addEventListener("click", () => this.#add());
    $("#rename-file").addEventListener("click", () => this.#rename());
    $("#remove-file").addEventListener("click", () => this.#remove());
  }

  /** The files as the server takes them. */
  get all() { return this.#editors.map((editor) => ({ name: editor.name, content: editor.text })); }

  set all(files) {
    this.#editors = files.map(({ name, content }) => this.#made(name, content));
    this.#shown = 0;
    $("#panels").replaceChildren(...this.#editors.map(({ element }) => element));
    this.#draw();
  }

  /** Colours the files as those of a program in `language`. */
  speak(language) {
    this.#language = language;
    for (const editor of this.#editors) editor.speak(language);
  }

  /** Gives the file that is compiled or run its new name. */
  renameFirst(name) {
    if (this.#editors.slice(1).some((other) => other.name === name)) return;
    this.#editors[0].rename(name);
    this.#draw();
  }

  focus() { this.#editors[this.#shown].focus(); }

  #made(name, content) {
    const editor = new Editor(name, content, this.#onChange);
    editor.speak(this.#language);
    return editor;
  }

  #draw() {
    $("#tabs").replaceChildren(...this.#editors.map(({ name }, n) => el("button", {
      type: "button", role: "tab", id: `tab-${n}`, "aria-selected": String(n === this.#shown), "aria-controls": `panel-${n}`, tabindex: n === this.#shown ? 0 : -1,
      onclick: () => this.#show(n),
    }, name)));
    this.#editors.forEach(({ element }, n) => {
      element.id = `panel-${n}`;
      element.setAttribute("role", "tabpanel");
      element.setAttribute("aria-labelledby", `tab-${n}`);
      element.hidden = n !== this.#shown;
    });
    $("#remove-file").disabled = this.#editors.length === 1;
    $("#add-file").disabled = this.#editors.length >= FILES_MAX;
  }

  #show(n, focus = true) {
    this.#shown = n;
    this.#draw();
    if (focus) $(`#tab-${n}`).focus();
  }

  #key(event) {
    const many = this.#editors.length;
    const to = { ArrowRight: this.#shown + 1, ArrowLeft: this.#shown - 1 + many, Home: 0, End: many - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#show(to % many);
  }

  /** Asks for a name that no other file has; null if there is to be none. */
  async #ask(title, value, others) {
    const [dialog, form] = [$("#name"), $("#name form")];
    $("#name-title").textContent = title;
    $(".error", form).textContent = "";
    form.elements.name.value = value;
    dialog.showModal();
    form.elements.name.select();
    return new Promise((done) => {
      form.onsubmit = (event) => {
        if (event.submitter?.value === "no") { done(null); return; }
        const wrong = wrongName(form.elements.name.value, others);
        $(".error", form).textContent = wrong ?? "";
        if (wrong) { event.preventDefault(); form.elements.name.focus(); } else done(form.elements.name.value);
      };
      dialog.oncancel = () => done(null);
    });
  }

  async #add() {
    const name = await this.#ask("New file", "", this.#editors.map((editor) => editor.name));
    if (!name) return;
    this.#editors.push(this.#made(name, ""));
    $("#panels").append(this.#editors.at(-1).element);
    this.#show(this.#editors.length - 1, false);
    this.focus();
    this.#onChange();
  }

  async #rename() {
    const editor = this.#editors[this.#shown];
    const name = await this.#ask(`Rename ${editor.name}`, editor.name, this.#editors.filter((other) => other !== editor).map((other) => other.name));
    if (!name) return;
    editor.rename(name);
    this.#draw();
    this.#onChange();
  }

  async #remove() {
    const editor = this.#editors[this.#shown];
    if (editor.text.trim() && !(await sure(`Remove ${editor.name}?`, "What it holds is gone then.", "Remove it"))) return;
    this.#editors = this.#editors.filter((other) => other !== editor);
    editor.element.remove();
    this.#show(Math.min(this.#shown, this.#editors.length - 1));
    announce(`Removed ${editor.name}`);
    this.#onChange();
  }
}
