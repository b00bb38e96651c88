// Markdown as statements of problems need it, without raw HTML: the text becomes a tree of plain objects
// ({ tag, text | children, … }), and the tree becomes elements. No text is ever read as HTML.

/** The longest text that is read, in characters; the rest is left out. 64 Ki: twice the longest statement. */
const TEXT_MAX = 64 * 1024;

/** How deep quotes, lists and emphasis nest; what is deeper stays as it was typed. */
const DEPTH_MAX = 8;

/** Where links may lead: to pages of the web, to mail, and within this server. */
const isSafe = (href) => /^(https?:\/\/|mailto:)[^\s]+$/i.test(href) || /^(\/(?![/\\])|#)[^\s\\]*$/.test(href);

const node = (tag, children, rest = {}) => ({ tag, ...rest, children });
const words = (text) => ({ tag: "#text", text });

/** What `text` says, as a list of blocks. */
export function parse(text) {
  return blocks(text.slice(0, TEXT_MAX).replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);
}

const STARTS = [/^#{1,6} /, /^ {0,3}(```|~~~)/, /^ {0,3}>/, /^ {0,3}([-*+]|\d{1,9}[.)]) /, /^ {0,3}([-*_])( *\1){2,} *$/];
const startsBlock = (line) => STARTS.some((start) => start.test(line));

function blocks(lines, depth) {
  const out = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const rest = lines.slice(at);
    if (!line.trim()) { at += 1; continue; }
    const read = fence(rest) ?? heading(line, depth) ?? rule(line) ?? (depth < DEPTH_MAX ? quote(rest, depth) ?? list(rest, depth) : null) ?? table(rest, depth) ?? paragraph(rest, depth);
    out.push(read.made);
    at += read.lines;
  }
  return out;
}

function fence(lines) {
  const [, indent, mark, language] = /^( {0,3})(`{3,}|~{3,})\s*([\w+#.-]*)[^`]*$/.exec(lines[0]) ?? [];
  if (!mark) return null;
  const end = lines.findIndex((line, n) => n > 0 && line.trim().startsWith(mark) && !line.trim().replaceAll(mark[0], ""));
  const body = lines.slice(1, end < 0 ? lines.length : end).map((line) => line.replace(new RegExp(`^ {0,${indent.length}}`), ""));
  const code = node("code", [words(body.join("\n"))], language ? { language } : {});
  return { made: node("pre", [code]), lines: end < 0 ? lines.length : end + 1 };
}

function heading(line, depth) {
  const [, marks, text] = /^(#{1,6}) +(.*?)(?: +#+)? *$/.exec(line) ?? [];
  // The page has the first two levels.
  return marks ? { made: node(`h${Math.min(6, marks.length + 2)}`, inline(text, depth)), lines: 1 } : null;
}

const rule = (line) => (/^ {0,3}([-*_])( *\1){2,} *$/.test(line) ? { made: node("hr", []), lines: 1 } : null);

function quote(lines, depth) {
  if (!/^ {0,3}>/.test(lines[0])) return null;
  const end = lines.findIndex((line) => !line.trim());
  const within = lines.slice(0, end < 0 ? lines.length : end);
  return { made: node("blockquote", blocks(within.map((line) => line.replace(/^ {0,3}> ?/, "")), depth + 1)), lines: within.length };
}

const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])( +)(.*)$/;

function list(lines, depth) {
  const first = ITEM.exec(lines[0]);
  if (!first) return null;
  const ordered = first[3] !== undefined;
  const items = [];
  let at = 0;
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]);
    if (!item || (item[3] !== undefined) !== ordered) break;
    const width = item[1].length + item[2].length + 1;
    const own = [item[5]];
    at += 1;
    while (at < lines.length && belongs(lines, at, width)) { own.push(lines[at].replace(new RegExp(`^ {0,${width}}`), "")); at += 1; }
    items.push(node("li", tight(blocks(own, depth + 1))));
    while (at < lines.length && !lines[at].trim() && ITEM.test(lines[at + 1] ?? "")) at += 1;
  }
  const start = ordered ? Number(first[3]) : 1;
  return { made: node(ordered ? "ol" : "ul", items, start === 1 ? {} : { start }), lines: at };
}

/** True if line `at` goes on with the item whose text begins in column `width`. */
function belongs(lines, at, width) {
  const line = lines[at];
  if (!line.trim()) return at + 1 < lines.length && lines[at + 1].startsWith(" ".repeat(width));
  return line.startsWith(" ".repeat(width)) || (lines[at - 1].trim() && !startsBlock(line));
}

/** The one paragraph of an item is its text. */
const tight = (made) => (made[0]?.tag === "p" ? [...made[0].children, ...made.slice(1)] : made);

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

function table(lines, depth) {
  if (!lines[0].includes("|") || !/^ *\|?( *:?-+:? *\|)+( *:?-+:? *)?$/.test(lines[1] ?? "")) return null;
  const names = cells(lines[0]);
  const sides = cells(lines[1]).map((cell) => (/^:-+:$/.test(cell) ? "center" : /-:$/.test(cell) ? "end" : null));
  if (names.length !== sides.length) return null;
  const more = lines.slice(2);
  const end = more.findIndex((line) => !line.includes("|"));
  const rows = more.slice(0, end < 0 ? more.length : end);
  const row = (tag, of) => node("tr", names.map((_, n) => node(tag, inline(of[n] ?? "", depth), sides[n] ? { align: sides[n] } : {})));
  const body = rows.length ? [node("tbody", rows.map((line) => row("td", cells(line))))] : [];
  return { made: node("table", [node("thead", [row("th", names)]), ...body]), lines: rows.length + 2 };
}

function paragraph(lines, depth) {
  let end = 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines[end])) end += 1;
  const text = lines.slice(0, end).map((line) => line.trimStart()).join("\n");
  return { made: node("p", inline(text.trimEnd(), depth)), lines: end };
}

/**
 * What stands in a line, each tried where its first sign is. Each looks at 500 characters at most, so that no text
 * takes longer than its length: what is emphasised over more of them stays as it was typed.
 */
const INLINE = [
  [/\\([!-/:-@[-`{-~])/y, ([, sign]) => words(sign)],
  [/(`{1,8})(?!`)([\s\S]{0,500}?[^`])\1(?!`)/y, ([, , code]) => node("code", [words(code.replace(/^ (.*) $/s, "$1").replaceAll("\n", " "))])],
  [/\$\$([^$]{1,500})\$\$|\$([^\s$](?:[^$\n]{0,500}[^\s$])?)\$/y, ([, wide, narrow]) => node("code", [words(wide ?? narrow)], { math: true })],
  [/!\[([^\]\n]{0,300})\]\(([^()\s]{0,500})\)/y, ([, alt, href], depth) => link(alt || href, href, depth)],
  [/\[([^\]\n]{1,300})\]\(([^()\s]{0,500})\)/y, ([, text, href], depth) => link(text, href, depth)],
  [/<(https?:\/\/[^\s<>]{1,500})>/y, ([, href], depth) => link(href, href, depth)],
  [/\*\*(?=\S)([\s\S]{0,500}?\S)\*\*(?!\*)/y, ([, text], depth) => node("strong", inline(text, depth + 1))],
  [/(?<![\w\\])__(?=\S)([\s\S]{0,500}?\S)__(?!\w)/y, ([, text], depth) => node("strong", inline(text, depth + 1))],
  [/\*(?=[^\s*])([\s\S]{0,500}?[^\s*])\*(?!\*)/y, ([, text], depth) => node("em", inline(text, depth + 1))],
  [/(?<![\w\\])_(?=[^\s_])([\s\S]{0,500}?[^\s_])_(?!\w)/y, ([, text], depth) => node("em", inline(text, depth + 1))],
  [/(?: {2,8}|\\)\n/y, () => node("br", [])],
];

/** What any of them begins with. */
const SIGNS = /[\\`$![<*_]| {2,}\n/g;

/** A link, or its text alone where it leads nowhere that is safe. An image is a link to it: nothing is fetched unasked. */
function link(text, href, depth) {
  return isSafe(href) ? node("a", inline(text, depth + 1), { href }) : node("span", inline(text, depth + 1));
}

function inline(text, depth) {
  if (depth >= DEPTH_MAX) return text ? [words(text)] : [];
  const out = [];
  let done = 0;
  const signs = new RegExp(SIGNS);
  for (let sign = signs.exec(text); sign; sign = signs.exec(text)) {
    const made = at(text, sign.index, depth);
    if (!made) { signs.lastIndex = sign.index + 1; continue; }
    if (sign.index > done) out.push(words(text.slice(done, sign.index)));
    out.push(made.made);
    done = signs.lastIndex = made.end;
  }
  if (done < text.length) out.push(words(text.slice(done)));
  return out;
}

/** What stands at `index`, and where it ends. */
function at(text, index, depth) {
  for (const [pattern, make] of INLINE) {
    pattern.lastIndex = index;
    const found = pattern.exec(text);
    if (found) return { made: make(found, depth), end: index + found[0].length };
  }
  return null;
}

const TAGS = new Set(["p", "h3", "h4", "h5", "h6", "pre", "code", "blockquote", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "hr", "br", "em", "strong", "a", "span"]);

/** `text` as elements of `page`. */
export function render(text, page = document) {
  const made = ({ tag, text: said, children, href, language, math, start, align }) => {
    if (tag === "#text") return page.createTextNode(said);
    if (!TAGS.has(tag)) throw new Error(`no statement has a ${tag}`);
    const element = page.createElement(tag);
    if (href && isSafe(href)) {
      element.setAttribute("href", href);
      element.setAttribute("rel", "noopener noreferrer nofollow");
    }
    if (language) element.setAttribute("data-language", language);
    if (math) element.setAttribute("class", "math");
    if (start !== undefined) element.setAttribute("start", String(start));
    if (align) element.setAttribute("class", `to-${align}`);
    element.append(...children.map(made));
    return element;
  };
  return parse(text).map(made);
}
