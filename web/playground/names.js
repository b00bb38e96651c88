// What a file of a program may be called: as domain/src/judge/submission has it, and tested against that.

/** The longest name of a file, in bytes; they are letters of ASCII. */
const NAME_MAX = 128;

/** The most parts that a name may have. */
const DEPTH_MAX = 8;

const PART = /^(?![.-])[A-Za-z0-9._+-]+$/;

/** Why a file cannot be called `name` beside `others`, in a sentence; null if it can. */
export function wrongName(name, others = []) {
  const parts = name.split("/");
  if (name.length > NAME_MAX) return `A name has at most ${NAME_MAX} letters.`;
  if (parts.length > DEPTH_MAX) return `A file lies at most ${DEPTH_MAX} deep.`;
  if (!parts.every((part) => PART.test(part))) return "A name has letters, digits and . _ - + in parts between /, none of which begins with . or -.";
  if (others.includes(name)) return `There is a ${name} already.`;
  const folder = others.find((other) => other.startsWith(`${name}/`) || name.startsWith(`${other}/`));
  return folder ? `A file cannot be a folder too, as with ${folder}.` : null;
}
