// An editor for one file: a text area whose own letters are not painted, over a layer that paints them in colours.
// Only the lines in sight are painted, so that a long file costs no more than a short one.

import { el } from "../ui.js";
import { syntaxOf } from "./syntax.js";
import { Lines } from "./tokens.js";

/** How many lines are painted above and below those in sight. */
const BEYOND = 8;

/** How much of a line is painted in colours, in characters; what is behind it is plain. */
const COLOURED_MAX = 1000;

/** By how much Tab indents; Go and what has tabs already is indented by tabs. */
const INDENT = "    ";

export class Editor {
  #area;
  #layer = el("pre", { class: "painted", "aria-hidden": "true" });
  #numbers = el("pre", { class: "numbers", "aria-hidden": "true" });
  #lines = new Lines();
  #language = null;
  #waits = false;
  /** True after Escape: the next Tab leaves. */
  #leaves = false;
  #onChange;

  constructor(name, content, onChange) {
    this.name = name;
    this.#onChange = onChange;
    this.#area = el("textarea", {
      wrap: "off", spellcheck: "false", autocapitalize: "off", autocomplete: "off", autocorrect: "off", "aria-describedby": "keys-help",
      oninput: () => this.#changed(), onscroll: () => this.#soon(), onkeydown: (event) => this.#key(event), onblur: () => { this.#leaves = false; },
    });
    this.#area.value = content;
    this.element = el("div", { class: "editor" }, this.#numbers, el("div", { class: "code" }, this.#layer, this.#area));
    new ResizeObserver(() => this.#soon()).observe(this.#area);
    this.rename(name);
  }

  get text() { return this.#area.value; }

  rename(name) {
    this.name = name;
    this.#area.setAttribute("aria-label", `Source of ${name}`);
    this.speak(this.#language);
  }

  /** Colours it as a file of a program in `language`. */
  speak(language) {
    this.#language = language;
    this.#lines.set(this.text, syntaxOf(this.name, language));
    this.#soon();
  }

  focus() { this.#area.focus(); }

  #changed() {
    this.#lines.set(this.text);
    this.#paint();
    this.#onChange();
  }

  #soon() {
    if (this.#waits) return;
    this.#waits = true;
    requestAnimationFrame(() => { this.#waits = false; this.#paint(); });
  }

  #paint() {
    const { scrollTop, scrollLeft, clientHeight } = this.#area;
    if (!clientHeight) return;
    // Lines lie a whole number of 64ths of a pixel apart.
    const height = Math.floor(parseFloat(getComputedStyle(this.#area).lineHeight) * 64) / 64;
    const from = Math.max(0, Math.floor(scrollTop / height) - BEYOND);
    const painted = this.#lines.pieces(from, from + Math.ceil(clientHeight / height) + 2 * BEYOND);
    this.#layer.replaceChildren(...painted.flatMap((pieces) => [...coloured(pieces), "\n"]));
    this.#numbers.textContent = painted.map((_, n) => from + n + 1).join("\n");
    this.#layer.style.transform = `translate(${-scrollLeft}px, ${from * height - scrollTop}px)`;
    this.#numbers.style.transform = `translateY(${from * height - scrollTop}px)`;
    this.element.style.setProperty("--digits", Math.max(2, String(this.#lines.length).length));
  }

  #key(event) {
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;
    if (event.key === "Escape") { this.#leaves = true; return; }
    if (event.key === "Tab" && plain && !this.#leaves) {
      event.preventDefault();
      this.#indent(event.shiftKey);
    } else if (event.key === "Enter" && plain && !event.shiftKey) {
      event.preventDefault();
      const before = this.text.slice(this.text.lastIndexOf("\n", this.#area.selectionStart - 1) + 1, this.#area.selectionStart);
      this.#type(`\n${/^[ \t]*/.exec(before)[0]}`);
    }
    if (event.key !== "Tab" && event.key !== "Shift") this.#leaves = false;
  }

  /** Puts `text` in place of what is selected, as if it had been typed: the browser can undo it. */
  #type(text) {
    const done = text === "" ? document.execCommand("delete") : document.execCommand("insertText", false, text);
    if (!done) {
      this.#area.setRangeText(text, this.#area.selectionStart, this.#area.selectionEnd, "end");
      this.#changed();
    }
  }

  #indent(back) {
    const { selectionStart: start, selectionEnd: end } = this.#area;
    const unit = this.#language === "go" || /^\t/m.test(this.text) ? "\t" : INDENT;
    if (start === end && !back) {
      const column = start - this.text.lastIndexOf("\n", start - 1) - 1;
      this.#type(unit === "\t" ? unit : " ".repeat(INDENT.length - (column % INDENT.length)));
      return;
    }
    const first = this.text.lastIndexOf("\n", start - 1) + 1;
    // A line of which nothing but its beginning is selected stays as it is.
    const last = end > start && this.text[end - 1] === "\n" ? end - 1 : end;
    const to = this.text.indexOf("\n", last) < 0 ? this.text.length : this.text.indexOf("\n", last);
    const lines = this.text.slice(first, to).split("\n");
    const moved = lines.map((line) => (back ? line.replace(/^(?:\t| {1,4})/, "") : line && unit + line));
    if (moved.join("\n") === lines.join("\n")) return;
    this.#area.setSelectionRange(first, to);
    this.#type(moved.join("\n"));
    const by = moved[0].length - lines[0].length;
    if (start === end) this.#area.setSelectionRange(Math.max(first, start + by), Math.max(first, start + by));
    else this.#area.setSelectionRange(first, first + moved.join("\n").length);
  }
}

/** The nodes of one line. */
function coloured(pieces) {
  const nodes = [];
  let many = 0;
  for (const [kind, text] of pieces) {
    const plain = !kind || many >= COLOURED_MAX;
    nodes.push(plain ? text : el("span", { class: `t-${kind}` }, text));
    many += text.length;
  }
  return nodes;
}
