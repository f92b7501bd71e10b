import type { Element } from "./element-string.ts";

/** GS4, GS5: the item, null = no element names one, `doubt` = why it cannot be told. */
export function itemOf(elements: readonly Element[]): string | null | { readonly doubt: string } {
  const dataOf = (ai: string): string | undefined => elements.find((element) => element.ai === ai)?.data;
  const unit = dataOf("00");
  if (unit !== undefined) return unit;
  const article = dataOf("01");
  const serial = dataOf("21");
  if (article !== undefined && serial !== undefined) return `(01)${article}(21)${serial}`;
  const crate = dataOf("8003");
  if (crate !== undefined && crate.length > GRAI_DIGITS) return `(8003)${crate}`;
  const asset = dataOf("8004");
  if (asset !== undefined) return `(8004)${asset}`;
  if (article === undefined) return null;
  const open = elements.find((element) => element.open);
  if (open === undefined) return article;
  return {
    doubt: `AI ${open.ai} at the end may hide a serial number, because scanners may drop FNC1: scan a code with SSCC or serial number`,
  };
}

/** Without a serial number it names a type of crate. */
const GRAI_DIGITS = 14;
