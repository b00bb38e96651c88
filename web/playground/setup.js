// What a program is run with: its input, its tests, who checks them, its limits and arguments.

import { $, announce, el } from "../ui.js";

/** How many tests a program may have: the server takes no more. */
const TESTS_MAX = 100;

export class Setup {
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
    $("#add-test").addEventListener("click", () => {
      this.#add({});
      $("#tests li:last-child textarea").focus();
      onChange();
    });
    $("#setup").addEventListener("input", () => onChange());
    $("#checker").addEventListener("change", () => this.#fit());
    this.#fit();
  }

  /** All of it, as a draft keeps it. */
  get all() {
    const limits = Object.fromEntries([...$("#limits").querySelectorAll("input")].map((input) => [input.name, input.value]));
    return {
      stdin: $("#stdin").value, open: $("#open").checked, args: $("#args").value, tests: this.#tests(), limits, stop: $("#stop").checked,
      checker: { kind: $("#checker").value, absolute: $("[name=absolute]").value, relative: $("[name=relative]").value, language: $("#checker-language").value, source: $("#checker-source").value },
    };
  }

  /** Puts in what there is of it, and what is usual for the rest. */
  set all({ stdin = "", open = true, args = "", tests = [], limits = {}, stop = false, checker = {} }) {
    $("#stdin").value = stdin;
    $("#open").checked = open;
    $("#args").value = args;
    $("#stop").checked = stop;
    for (const input of $("#limits").querySelectorAll("input")) input.value = limits[input.name] ?? "";
    $("#checker").value = checker.kind ?? "tokens";
    $("[name=absolute]").value = checker.absolute ?? "0.000001";
    $("[name=relative]").value = checker.relative ?? "0.000001";
    if (checker.language) $("#checker-language").value = checker.language;
    $("#checker-source").value = checker.source ?? "";
    $("#tests").replaceChildren();
    for (const test of tests) this.#add(test);
    this.#number();
    this.#fit();
  }

  /** What is usual, where nothing is written: the limits of `language`. */
  usual(language) {
    for (const input of $("#limits").querySelectorAll("input")) {
      const usual = language?.limits?.[input.name];
      input.placeholder = usual === undefined ? "" : String(usual / (input.dataset.unit ?? 1));
    }
  }

  /** The part of a request that is this; with the tests if it is to be `judged`. Null, and the focus on what is
   * wrong, if a field holds what it cannot. */
  request(judged) {
    const wrong = $("#setup input:invalid");
    if (wrong) {
      if (wrong.closest("details")) wrong.closest("details").open = true;
      wrong.reportValidity();
      return null;
    }
    const { stdin, open, args, tests, stop } = this.all;
    const limits = {};
    for (const input of $("#limits").querySelectorAll("input")) if (input.value !== "") limits[input.name] = Number(input.value) * Number(input.dataset.unit ?? 1);
    const shared = { args: args === "" ? [] : args.replace(/\n$/, "").split("\n"), limits };
    if (!judged) return { ...shared, stdin, interactive: open };
    return { ...shared, tests: tests.map((test) => ({ ...test, points: Number(test.points) })), checker: this.#checker(), stop_at_first_failure: stop };
  }

  #checker() {
    const { kind, absolute, relative, language, source } = this.all.checker;
    if (kind === "floats") return { kind, absolute: Number(absolute), relative: Number(relative) };
    return ["program", "interactive"].includes(kind) ? { kind, language, source } : { kind };
  }

  #fit() {
    for (const field of $("#checking").querySelectorAll("[data-for]")) field.hidden = !field.dataset.for.split(" ").includes($("#checker").value);
  }

  #tests() {
    return [...$("#tests").children].map((item) => {
      const [stdin, expected] = [...item.querySelectorAll("textarea")].map(({ value }) => value);
      return { stdin, expected, points: $("input", item).value || "1" };
    });
  }

  #add({ stdin = "", expected = "", points = 1 }) {
    const plain = { rows: 3, spellcheck: "false", autocapitalize: "off", autocomplete: "off" };
    const item = el("li", {},
      el("div", { class: "bar" }, el("strong", {}), el("label", { class: "points" }, "Points", el("input", { type: "number", min: 0, max: 1_000_000, value: points, inputmode: "numeric" })),
        el("button", { type: "button", class: "quiet", onclick: () => this.#remove(item) }, "Remove")),
      el("label", {}, "Input", el("textarea", plain, stdin)), el("label", {}, "Expected", el("textarea", plain, expected)));
    $("#tests").append(item);
    this.#number();
  }

  #remove(item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    this.#number();
    announce("Removed");
    (next ? $("button", next) : $("#add-test")).focus();
    this.#onChange();
  }

  #number() {
    const items = [...$("#tests").children];
    items.forEach((item, n) => {
      $("strong", item).textContent = `Test ${n + 1}`;
      $("button", item).setAttribute("aria-label", `Remove test ${n + 1}`);
    });
    $("#no-tests").hidden = items.length > 0;
    $("#add-test").disabled = items.length >= TESTS_MAX;
  }
}
