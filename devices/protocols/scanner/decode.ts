import { hasCheckDigit, itemOf, printedOf, readElements } from "../gs1/index.ts";
import { type Decoded, type Flag, refused, status } from "../protocol.ts";
import { textOf } from "./framing.ts";

const NO_READ = /^no ?read$/i;
const CODE = /^[!-~][ -~]{2,62}[!-~]$/;
const AIM = /^(\][A-Za-z][0-9A-Za-z])(.*)$/s;
/** SC3. */
const GS1_SYMBOLS: readonly string[] = ["]C1", "]d2", "]Q3", "]J1", "]e0"];
const EAN: Readonly<Record<string, number>> = { "]E0": 13, "]E4": 8 };
const GTIN_DIGITS = 14;

/** SC2-SC4: `any` takes a text that says nothing of GS1 as it stands. */
export const decodeLine =
  (takes: "any" | "gs1") =>
  (frame: Uint8Array): Decoded => {
    const text = textOf(frame);
    if (text === null) return refused("not one line of a scanner");
    if (NO_READ.test(text)) return status("no-read");
    const [, symbol = "", data = ""] = AIM.exec(text) ?? [];
    if (GS1_SYMBOLS.includes(symbol)) return elementString(data);
    const digits = EAN[symbol];
    if (digits !== undefined) return articleNumber(data, digits);
    if (takes === "gs1") {
      return symbol === ""
        ? refused("no AIM identifier in front: set the scanner to transmit it, or the line was torn")
        : status("not-gs1");
    }
    return plain(symbol === "" ? text : data);
  };

function elementString(data: string): Decoded {
  const elements = readElements(data);
  if (typeof elements === "string") return refused(elements);
  const item = itemOf(elements);
  if (item === null) return status("no-identity");
  if (typeof item !== "string") return refused(item.doubt);
  const printed = printedOf(elements);
  const flags: Flag[] = [];
  if (printed.some(({ what }) => what === "mass")) flags.push("printed-mass");
  if (printed.some(({ what }) => what !== "mass")) flags.push("printed-dimensions");
  return { kind: "quantities", quantities: [{ kind: "item", item }], ...(flags.length === 0 ? {} : { flags }) };
}

function articleNumber(data: string, digits: number): Decoded {
  if (data.length !== digits || !/^\d+$/.test(data) || !hasCheckDigit(data))
    return refused(`not the ${digits} digits of a GTIN with their check digit`);
  return { kind: "quantities", quantities: [{ kind: "item", item: data.padStart(GTIN_DIGITS, "0") }] };
}

const plain = (text: string): Decoded =>
  CODE.test(text)
    ? { kind: "quantities", quantities: [{ kind: "item", item: text }] }
    : refused("a code is 4 to 64 printable characters without a blank at either end");
