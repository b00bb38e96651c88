// What each language is coloured by, as data. A language is a list of `rules`, tried in order where a token may
// begin: `[kind, what it looks like]` for what ends on its line, or `{ kind, open, close, escape, nest }` for what may
// go on over lines (`$1` in `close` is what `open` caught). A word that no rule takes is looked up in `words`.

const words = (text) => text.split(" ");

/** A quoted text on one line; it ends with the line if it is not closed. */
const quoted = (quote) => ["string", `${quote}(?:\\\\.?|[^${quote}\\\\])*${quote}?`];

const NUMBER = ["number", "(?:0[xX][\\da-fA-F'_]+|0[bB][01'_]+|0[oO][0-7_]+|\\d[\\d'_]*(?:\\.\\d[\\d_]*)?(?:[eE][+-]?\\d+)?)\\w*"];
const SLASHES = ["comment", "//.*"];
const SLASH_STAR = { kind: "comment", open: "/\\*", close: "*/" };

const C = words("auto break case const continue default do else enum extern for goto if inline register restrict return signed sizeof static struct switch typedef union unsigned volatile while");
const C_TYPES = words("bool char double float int int8_t int16_t int32_t int64_t long short size_t ssize_t uint8_t uint16_t uint32_t uint64_t void NULL true false");
const DIRECTIVE = ["macro", "^\\s*#\\s*\\w+(?:\\s*<[^>]*>)?"];

export const SYNTAX = {
  c: {
    rules: [SLASHES, SLASH_STAR, DIRECTIVE, quoted('"'), quoted("'"), NUMBER],
    words: { keyword: C, type: C_TYPES },
  },
  cpp: {
    rules: [SLASHES, SLASH_STAR, DIRECTIVE, { kind: "string", open: 'R"([^()\\\\\\s]{0,16})\\(', close: ')$1"' }, quoted('"'), quoted("'"), NUMBER],
    words: {
      keyword: [...C, ...words("and catch class co_await co_return co_yield concept consteval constexpr constinit delete explicit export final friend mutable namespace new noexcept not operator or override private protected public requires template this throw try typename using virtual")],
      type: [...C_TYPES, ...words("array deque map nullptr optional pair set std string string_view tuple unordered_map unordered_set vector wchar_t")],
    },
  },
  rust: {
    rules: [
      SLASHES, { ...SLASH_STAR, nest: "/*" }, { kind: "string", open: 'b?r(#{0,8})"', close: '"$1' },
      { kind: "string", open: 'b?"', close: '"', escape: true }, ["string", "b?'(?:\\\\(?:u\\{[^}]*\\}|x..|.)|[^'\\\\])'"], ["type", "'[a-z_]\\w*"],
      ["macro", "[a-z_]\\w*!(?!=)"], ["macro", "#!?\\[[^\\]]*\\]?"], ["number", "(?:0x[\\da-f_]+|0b[01_]+|0o[0-7_]+|\\d[\\d_]*(?:\\.\\d[\\d_]*)?(?:e[+-]?\\d+)?)(?:[iuf]\\w+)?"],
    ],
    words: {
      keyword: words("as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move mut pub ref return self static struct super trait type unsafe use where while"),
      type: words("Box Err None Ok Option Result Self Some String Vec bool char f32 f64 false i8 i16 i32 i64 i128 isize str true u8 u16 u32 u64 u128 usize"),
    },
  },
  go: {
    rules: [SLASHES, SLASH_STAR, { kind: "string", open: "`", close: "`" }, quoted('"'), quoted("'"), NUMBER],
    words: {
      keyword: words("break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var"),
      type: words("any bool byte complex128 error false float32 float64 int int8 int16 int32 int64 nil rune string true uint uint8 uint16 uint32 uint64"),
    },
  },
  java: {
    rules: [SLASHES, SLASH_STAR, { kind: "string", open: '"""', close: '"""', escape: true }, quoted('"'), quoted("'"), ["macro", "@\\w+"], NUMBER],
    words: {
      keyword: words("abstract assert break case catch class continue default do else enum extends final finally for if implements import instanceof interface native new package permits private protected public record return sealed static super switch synchronized this throw throws transient try var volatile while yield"),
      type: words("Integer List Long Map Object String System boolean byte char double false float int long null short true void"),
    },
  },
  python: {
    rules: [
      ["comment", "#.*"],
      { kind: "string", open: '(?:[rRbBfFuU]{1,2})?"""', close: '"""', escape: true }, { kind: "string", open: "(?:[rRbBfFuU]{1,2})?'''", close: "'''", escape: true },
      ["string", "[rRbBfFuU]{0,2}(?:\"(?:\\\\.?|[^\"\\\\])*\"?|'(?:\\\\.?|[^'\\\\])*'?)"], ["macro", "^\\s*@[\\w.]+"], NUMBER,
    ],
    words: {
      keyword: words("and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield"),
      type: words("False None True bool bytes dict float input int len list print range self set str tuple"),
    },
  },
  javascript: {
    rules: [SLASHES, SLASH_STAR, { kind: "string", open: "`", close: "`", escape: true }, quoted('"'), quoted("'"), NUMBER],
    words: {
      keyword: words("async await break case catch class const continue debugger default delete do else export extends finally for from function get if import in instanceof let new of return set static super switch this throw try typeof var void while with yield"),
      type: words("Array BigInt Infinity Map Math NaN Number Object Promise Set String console false null process require true undefined"),
    },
  },
  wat: {
    rules: [["comment", ";;.*"], { kind: "comment", open: "\\(;", close: ";)", nest: "(;" }, quoted('"'), ["type", "\\$[^\\s()\";]+"], ["type", "[if](?:32|64)(?![\\w.])"], ["keyword", "[a-z]\\w*(?:\\.[\\w.]+)"], NUMBER],
    words: { keyword: words("block br br_if br_table call call_indirect data drop elem else end export func global if import local loop memory module mut nop offset param result return select start table then type unreachable") },
  },
};

/** The endings of file names, where a language's own file may have others beside it. */
const ENDINGS = {
  c: "c", h: "c", cpp: "cpp", cc: "cpp", cxx: "cpp", hpp: "cpp", rs: "rust", go: "go", java: "java", py: "python", js: "javascript", mjs: "javascript", cjs: "javascript", wat: "wat",
};

/** The syntax of the file `name` of a program in `language`; null if there is nothing to colour. */
export function syntaxOf(name, language) {
  const ending = name.includes(".") ? name.split(".").pop().toLowerCase() : null;
  if (ending === "h" && language === "cpp") return SYNTAX.cpp;
  if (ending && ENDINGS[ending]) return SYNTAX[ENDINGS[ending]];
  return ending ? null : SYNTAX[language] ?? null;
}
