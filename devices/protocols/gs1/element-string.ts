import { hasCheckDigit } from "./check-digit.ts";
import { identifierAt } from "./identifiers.ts";

export type Element = {
  readonly ai: string;
  readonly data: string;
  /** GS5: it ended with the string, so that a lost GS may have glued the next element to it. */
  readonly open: boolean;
};

const GS = "\x1d";

/** GS2, GS3: the elements of a string without its AIM identifier, in order; a text = why it is refused. */
export function readElements(text: string): readonly Element[] | string {
  const elements: Element[] = [];
  let rest = text.startsWith(GS) ? text.slice(1) : text;
  if (rest === "") return "the element string is empty";
  while (rest !== "") {
    const identifier = identifierAt(rest);
    if (identifier === null) return `"${rest.slice(0, 4)}" is no application identifier`;
    const { ai, fixed, data: shape, checked } = identifier;
    const from = ai.length;
    const stop = rest.indexOf(GS, from);
    const end = fixed === null ? (stop === -1 ? rest.length : stop) : from + fixed;
    const data = rest.slice(from, end);
    if (data.includes("<GS>")) return `AI ${ai} holds the text "<GS>": set the scanner to send FNC1 as the byte 1D`;
    if (!shape.test(data)) return `AI ${ai} does not hold what it should`;
    if (checked !== null && !hasCheckDigit(data.slice(0, checked))) return `AI ${ai} has a wrong check digit`;
    const before = elements.find((element) => element.ai === ai);
    if (before !== undefined && before.data !== data) return `AI ${ai} stands there twice with different data`;
    if (before === undefined) elements.push({ ai, data, open: fixed === null && end === rest.length });
    rest = rest.slice(rest[end] === GS ? end + 1 : end);
  }
  return elements;
}
