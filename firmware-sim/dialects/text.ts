import { type Decimal, formatDecimal } from "../../devices/quantity/index.ts";
import type { Answer } from "./dialect.ts";

/** Latin-1 bytes of a text: one character, one byte. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A write that says something else than what lies on the platform. */
export const saying = (text: string): Answer => ({ bytes: bytesOf(text), weighing: null });

/** Commands cut at their terminator. `rest` is the unfinished one, at most `longest` characters. */
export type Heard = { readonly commands: readonly string[]; readonly rest: string };

/**
 * Cuts what a host sent at any of `terminators`; empty commands (the LF of a CR LF) are left out. A command that grows
 * beyond `longest` is dropped, as a device with a small input buffer does.
 */
export function heard(rest: string, bytes: Uint8Array, terminators: string, longest = 64): Heard {
  const commands: string[] = [];
  let open = rest;
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (!terminators.includes(character)) {
      open = open.length >= longest ? "" : open + character;
      continue;
    }
    if (open !== "") commands.push(open);
    open = "";
  }
  return { commands, rest: open };
}

/** The digits of a value without its sign, as many as the display shows. */
export const digitsOf = (value: Decimal): string => formatDecimal({ ...value, mantissa: Math.abs(value.mantissa) });

export const isNegative = ({ mantissa }: Decimal): boolean => mantissa < 0;
