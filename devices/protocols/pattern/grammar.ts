/** 256 flags: which byte values a place of a line may have. */
export type ByteSet = Uint8Array;

/** PT2: what a pattern is made of. */
export type Node =
  | { readonly kind: "byte"; readonly set: ByteSet }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly branches: readonly Node[] }
  | { readonly kind: "named"; readonly name: string; readonly inner: Node }
  /** `most` null = without end. */
  | { readonly kind: "repeat"; readonly inner: Node; readonly least: number; readonly most: number | null };

/** PT2: a pattern that is none; the message is a clause. */
export class PatternFault extends Error {}

/** PT3. */
export const LONGEST_PATTERN = 512;
const MOST_REPEATS = 128;
const DEEPEST = 8;

const QUANTIFIER = /^(?:[?*+]|\{(\d{1,3})(,(\d{0,3}))?\})/;
const NAMED = /^\(\?<([A-Za-z]{1,16})>/;

/** PT2, PT3: reads the text of a pattern. Throws PatternFault with what is wrong, where, and what to write instead. */
export function parsePattern(text: string): Node {
  if (text.length > LONGEST_PATTERN) throw new PatternFault(`is longer than ${LONGEST_PATTERN} characters: shorten it`);
  // PT1: a pattern is held against the whole line; who is used to write so may say it.
  const inner = text.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
  const reader = new Reader(inner, text.length - inner.length > 0 && text.startsWith("^") ? 1 : 0);
  const node = reader.choice(0);
  if (!reader.atEnd()) throw reader.fault('has a ")" that closes nothing: remove it, or write \\)');
  return node;
}

/** Owns the place in the text. */
class Reader {
  readonly #text: string;
  readonly #offset: number;
  readonly #names = new Set<string>();
  #at = 0;

  constructor(text: string, offset: number) {
    this.#text = text;
    this.#offset = offset;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  fault(clause: string, at = this.#at): PatternFault {
    return new PatternFault(`${clause} (character ${at + this.#offset + 1})`);
  }

  choice(depth: number): Node {
    if (depth > DEEPEST) throw this.fault(`has groups in groups more than ${DEEPEST} deep: write it flatter`);
    const branches = [this.#sequence(depth)];
    while (this.#takes("|")) branches.push(this.#sequence(depth));
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? only : { kind: "choice", branches };
  }

  #sequence(depth: number): Node {
    const start = this.#at;
    const parts: Node[] = [];
    while (!this.atEnd() && !"|)".includes(this.#peek())) parts.push(this.#quantified(depth));
    if (parts.length === 0) throw this.fault('has an empty alternative: write "?" behind what may be left out', start);
    return { kind: "sequence", parts };
  }

  #quantified(depth: number): Node {
    const start = this.#at;
    const atom = this.#atom(depth);
    const match = QUANTIFIER.exec(this.#text.slice(this.#at));
    if (match === null) {
      if (this.#peek() === "{") throw this.fault('has a "{" that is no count such as {3} or {1,8}: write \\{');
      return atom;
    }
    const [sign, least = "", range, most = ""] = match;
    this.#at += sign.length;
    if (/[?*+{]/.test(this.#peek())) throw this.fault("repeats what is repeated already: leave one of the two away");
    const repeat = bounds(sign, least, range, most);
    if (repeat.most !== null && (repeat.most < repeat.least || repeat.most === 0))
      throw this.fault(
        `repeats from ${repeat.least} to ${repeat.most} times: write the smaller number first, above 0`,
        start,
      );
    if (repeat.least > MOST_REPEATS || (repeat.most ?? 0) > MOST_REPEATS)
      throw this.fault(`repeats more than ${MOST_REPEATS} times: no line is so long`, start);
    if (sign !== "?") this.#refuseInside(atom, start);
    // ECMAScript takes an empty round back, others do not: a pattern must not mean two things.
    if (mayBeEmpty(atom))
      throw this.fault(`has "${sign}" behind what may be empty already: leave it away`, this.#at - sign.length);
    return { kind: "repeat", inner: atom, ...repeat };
  }

  /** PT3: a repetition in a repetition has no use in a line of columns, and a group in one has no one value. */
  #refuseInside(node: Node, at: number): void {
    switch (node.kind) {
      case "byte":
        return;
      case "named":
        throw this.fault(`repeats the group "${node.name}", which can hold one value only: repeat inside of it`, at);
      case "repeat":
        throw this.fault("repeats something that holds a repetition: repeat one of the two only", at);
      case "sequence":
        for (const part of node.parts) this.#refuseInside(part, at);
        return;
      case "choice":
        for (const branch of node.branches) this.#refuseInside(branch, at);
    }
  }

  #atom(depth: number): Node {
    const character = this.#peek();
    switch (character) {
      case "(":
        return this.#group(depth);
      case "[":
        return { kind: "byte", set: this.#class() };
      case ".":
        this.#at += 1;
        return { kind: "byte", set: new Uint8Array(256).fill(1) };
      case "\\":
        return { kind: "byte", set: this.#escape() };
      case "^":
      case "$":
        throw this.fault(`has "${character}" in the middle: a line is always read as a whole; write \\${character}`);
      case "?":
      case "*":
      case "+":
      case "{":
        throw this.fault(`has "${character}" with nothing to repeat: write \\${character}`);
      default:
        this.#at += 1;
        return { kind: "byte", set: one(this.#byteOf(character)) };
    }
  }

  #group(depth: number): Node {
    const start = this.#at;
    const rest = this.#text.slice(start);
    const name = NAMED.exec(rest)?.[1];
    if (name !== undefined && this.#names.has(name)) throw this.fault(`names the group "${name}" twice: name it once`);
    if (name !== undefined) this.#names.add(name);
    else if (!rest.startsWith("(?:"))
      throw this.fault("has a group that is neither (?<name>...) nor (?:...): name it, or write (?:");
    this.#at += name === undefined ? 3 : name.length + 4;
    const inner = this.choice(depth + 1);
    if (!this.#takes(")")) throw this.fault('has a "(" that is never closed: close it, or write \\(', start);
    return name === undefined ? inner : { kind: "named", name, inner };
  }

  #class(): ByteSet {
    const start = this.#at;
    this.#at += 1;
    const negated = this.#takes("^");
    const set = new Uint8Array(256);
    while (!this.atEnd() && this.#peek() !== "]") this.#classItem(set);
    if (!this.#takes("]")) throw this.fault('has a "[" that is never closed: close it, or write \\[', start);
    if (!negated && !set.includes(1)) throw this.fault("has an empty class []: name the characters", start);
    return negated ? set.map((flag) => 1 - flag) : set;
  }

  #classItem(set: ByteSet): void {
    const at = this.#at;
    const from = this.#classByte();
    if (this.#peek() !== "-" || this.#text[this.#at + 1] === "]" || this.#at + 1 >= this.#text.length) {
      from.forEach((flag, byte) => (set[byte] = (set[byte] ?? 0) | flag));
      return;
    }
    this.#at += 1;
    const to = this.#classByte();
    const [low, high] = [single(from), single(to)];
    if (low === null || high === null || low > high)
      throw this.fault("has a range that goes nowhere: write it as a-z", at);
    set.fill(1, low, high + 1);
  }

  #classByte(): ByteSet {
    if (this.#peek() === "\\") return this.#escape();
    const character = this.#peek();
    this.#at += 1;
    return one(this.#byteOf(character));
  }

  #escape(): ByteSet {
    const [whole = "", hex] = /^\\(?:x([0-9A-Fa-f]{2})|[^])/.exec(this.#text.slice(this.#at)) ?? [];
    const start = this.#at;
    this.#at += whole.length;
    if (hex !== undefined) return one(Number.parseInt(hex, 16));
    const letter = whole.slice(1);
    const known = escapes.get(letter);
    if (known !== undefined) return known;
    // A letter or digit that means nothing today may mean something to somebody.
    if (letter === "" || /[A-Za-z0-9]/.test(letter))
      throw this.fault(`has the escape "${whole}", which is none of \\d \\s \\w \\t \\r \\n \\xHH`, start);
    return one(this.#byteOf(letter));
  }

  #byteOf(character: string): number {
    const byte = character.codePointAt(0) ?? 0;
    if (byte > 0xff) throw this.fault(`has "${character}", which is no byte: write it as \\xHH`, this.#at - 1);
    return byte;
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #takes(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }
}

function mayBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case "byte":
      return false;
    case "named":
      return mayBeEmpty(node.inner);
    case "repeat":
      return node.least === 0 || mayBeEmpty(node.inner);
    case "sequence":
      return node.parts.every(mayBeEmpty);
    case "choice":
      return node.branches.some(mayBeEmpty);
  }
}

function bounds(sign: string, least: string, range: string | undefined, most: string) {
  switch (sign) {
    case "?":
      return { least: 0, most: 1 };
    case "*":
      return { least: 0, most: null };
    case "+":
      return { least: 1, most: null };
    default:
      return { least: Number(least), most: range === undefined ? Number(least) : most === "" ? null : Number(most) };
  }
}

function one(byte: number): ByteSet {
  const set = new Uint8Array(256);
  set[byte] = 1;
  return set;
}

const single = (set: ByteSet): number | null => {
  const first = set.indexOf(1);
  return first !== -1 && set.indexOf(1, first + 1) === -1 ? first : null;
};

const setOf = (allowed: RegExp): ByteSet =>
  Uint8Array.from({ length: 256 }, (_, byte) => (allowed.test(String.fromCharCode(byte)) ? 1 : 0));

const escapes: ReadonlyMap<string, ByteSet> = new Map([
  ["d", setOf(/\d/)],
  ["s", setOf(/\s/)],
  ["w", setOf(/\w/)],
  ["t", one(0x09)],
  ["n", one(0x0a)],
  ["r", one(0x0d)],
]);
