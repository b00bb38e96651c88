// Shows /api/openapi.json for reading and trying. Texts go into the page as text nodes alone.

const main = document.getElementById("main");
const find = document.getElementById("find");
const token = document.getElementById("token");

/** An element with attributes and children; strings become text. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** What a $ref stands for. */
function follow(api, schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? api.components.schemas[name] ?? {} : schema ?? {};
}

/** A schema as an example value; what refers to itself ends after a few levels. */
function example(api, schema, depth = 0) {
  const s = follow(api, schema);
  if (s.example !== undefined) return s.example;
  if (s.default !== undefined) return s.default;
  if (depth > 6) return null;
  const variant = s.oneOf?.find((v) => v.type !== "null") ?? s.anyOf?.[0];
  if (variant) return example(api, variant, depth + 1);
  if (s.allOf) return Object.assign({}, ...s.allOf.map((part) => example(api, part, depth + 1)));
  if (s.enum) return s.enum[0];
  const type = Array.isArray(s.type) ? s.type.find((t) => t !== "null") : s.type;
  if (type === "array") return [example(api, s.items, depth + 1)];
  if (type === "object" || s.properties) {
    const entries = Object.entries(s.properties ?? {});
    return Object.fromEntries(entries.map(([key, value]) => [key, example(api, value, depth + 1)]));
  }
  if (type === "integer" || type === "number") return s.minimum ?? 0;
  if (type === "boolean") return false;
  if (s.format === "uuid") return "00000000-0000-0000-0000-000000000000";
  if (s.format === "date-time") return "2027-05-01T20:00:00.000Z";
  return "text";
}

function json(value) {
  return el("pre", { tabindex: "0" }, JSON.stringify(value, null, 2));
}

function parameters(list) {
  if (!list.length) return null;
  const rows = list.map((p) =>
    el("tr", {}, el("td", {}, el("code", {}, p.name)), el("td", {}, p.in + (p.required ? ", required" : "")), el("td", {}, p.description ?? "")));
  return el("section", {}, el("h3", {}, "Parameters"), el("table", {}, el("tbody", {}, ...rows)));
}

function answers(api, responses) {
  const rows = Object.entries(responses ?? {}).map(([status, answer]) => {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    const name = schema?.$ref?.split("/").pop();
    const shape = schema && status < "300" ? json(example(api, schema)) : name ? el("code", {}, name) : null;
    return el("tr", {}, el("td", {}, status), el("td", {}, answer.description ?? "", shape));
  });
  return el("section", {}, el("h3", {}, "Answers"), el("table", {}, el("tbody", {}, ...rows)));
}

/** A form that sends the request for real. */
function trial(api, method, path, operation, list) {
  const fields = list.filter((p) => p.in === "path" || p.in === "query").map((p) => {
    const input = el("input", { name: p.name, autocomplete: "off" });
    return { p, input, row: el("label", { class: "row" }, `${p.name} `, input) };
  });
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  const body = schema ? el("textarea", { "aria-label": "Body", spellcheck: "false" }) : null;
  if (body) body.value = JSON.stringify(example(api, schema), null, 2);
  const output = el("div", { role: "status" });
  const form = el("form", {}, el("h3", {}, "Try it"), ...fields.map((f) => f.row), body,
    el("div", { class: "row" }, el("button", { type: "submit" }, `Send ${method.toUpperCase()}`)), output);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    let url = path;
    const query = new URLSearchParams();
    for (const { p, input } of fields) {
      if (p.in === "path") url = url.replace(`{${p.name}}`, encodeURIComponent(input.value));
      else if (input.value) query.set(p.name, input.value);
    }
    if (query.size) url += `?${query}`;
    const headers = {};
    if (token.value) headers.authorization = `Bearer ${token.value}`;
    if (body) headers["content-type"] = "application/json";
    if (method !== "get") headers["idempotency-key"] = crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    output.replaceChildren("…");
    try {
      const start = performance.now();
      const response = await fetch(url, { method: method.toUpperCase(), headers, body: body?.value });
      const text = await response.text();
      const took = Math.round(performance.now() - start);
      let shown = el("pre", { tabindex: "0" }, text);
      try { shown = json(JSON.parse(text)); } catch { /* not JSON: shown as it is */ }
      output.replaceChildren(el("p", {}, `${response.status} ${response.statusText}, ${took} ms`), shown);
    } catch (error) {
      output.replaceChildren(el("p", {}, `The request failed: ${error.message}`));
    }
  });
  return form;
}

function call(api, path, method, operation, shared) {
  const list = [...(shared ?? []), ...(operation.parameters ?? [])];
  const details = el("details", { class: "call" },
    el("summary", {}, el("span", { class: "method" }, method.toUpperCase()), el("span", { class: "path" }, path),
      el("span", { class: "dim" }, operation.summary ?? "")));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    const who = operation.security?.length ? "Needs an access token." : "";
    details.append(el("div", {},
      operation.description ? el("p", {}, operation.description) : null,
      who ? el("p", { class: "dim" }, who) : null,
      parameters(list),
      schema ? el("section", {}, el("h3", {}, "Body"), json(example(api, schema))) : null,
      answers(api, operation.responses),
      trial(api, method, path, operation, list)));
  });
  details.dataset.words = `${method} ${path} ${operation.summary ?? ""} ${operation.tags?.join(" ") ?? ""}`.toLowerCase();
  return details;
}

function show(api) {
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of ["get", "post", "put", "patch", "delete"]) {
      if (!item[method]) continue;
      const tag = item[method].tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(call(api, path, method, item[method], item.parameters));
    }
  }
  const sections = [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([tag, calls]) =>
    el("section", { class: "group" }, el("h2", {}, tag), ...calls));
  main.replaceChildren(el("p", {}, api.info.description ?? ""), ...sections);
}

find.addEventListener("input", () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const details of main.querySelectorAll("details.call")) {
    details.hidden = !words.every((word) => details.dataset.words.includes(word));
  }
  for (const group of main.querySelectorAll("section.group")) {
    group.hidden = !group.querySelector("details.call:not([hidden])");
  }
});

try {
  const response = await fetch("/api/openapi.json");
  if (!response.ok) throw new Error(`status ${response.status}`);
  show(await response.json());
} catch (error) {
  main.replaceChildren(el("p", { role: "alert" }, `The description could not be read: ${error.message}`));
}
