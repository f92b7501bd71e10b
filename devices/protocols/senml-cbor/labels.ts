import { CborReader } from "../../quantity/index.ts";
import type { PackReader } from "../senml/index.ts";

/** RFC 8428 section 6, table 4: the labels that are integers in CBOR. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [-1, "bver"],
  [-2, "bn"],
  [-3, "bt"],
  [-4, "bu"],
  [-5, "bv"],
  [-6, "bs"],
  [0, "n"],
  [1, "u"],
  [2, "v"],
  [3, "vs"],
  [4, "vb"],
  [5, "s"],
  [6, "t"],
  [7, "ut"],
  [8, "vd"],
]);
const KNOWN = new Set(NAMES.values());
/** J9: refused, because it ends like what must be understood. */
const MISWRITTEN = "?_";

/** J9: a pack in CBOR, its labels by their names. */
export function openPack(bytes: Uint8Array): PackReader {
  const reader = new CborReader(bytes);
  return {
    kind: () => reader.kind(),
    array: (element) => reader.array(element),
    object: (member) => reader.object((label) => member(nameOf(label))),
    string: () => reader.string(),
    decimal: () => reader.decimal(),
    boolean: () => reader.boolean(),
    skip: () => reader.skip(),
    end: () => reader.end(),
  };
}

/** Labels of extensions are texts; an integer of none is an extension that nobody must understand. */
function nameOf(label: string | number): string {
  if (typeof label === "number") return NAMES.get(label) ?? String(label);
  return KNOWN.has(label) ? MISWRITTEN : label;
}
