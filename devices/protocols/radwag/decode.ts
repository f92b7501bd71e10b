import { benchUnits, weightOf } from "../line/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";

/** RW1: the mass frame without CR LF is shorter than the longest identity. */
export const LONGEST_LINE = 40;

/** RW1: command in 3, stability, blank, sign, mass in 9, blank, unit in 3. */
const MASS = /^(?:S {2}|SI |SU |SUI)([ ?]) ([ -])([ \d.]{9}) ([ a-zA-Z%]{3})$/;
/** RW1: out of range the digits mean nothing. */
const OUT_OF_RANGE = /^(?:S {2}|SI |SU |SUI)([\^v]) [ -].{9} .{3}$/;
/** RW3: what became of a command. */
const ACKNOWLEDGED = /^(?:Z|T|OT|UT|S|SI|SU|SUI|C0|C1|CU0|CU1|K0|K1|NB) ([ADI^vE])$/;
const IDENTITY = /^NB A "([^"]{1,30})"$/;

const acknowledgements: Readonly<Record<string, string>> = {
  A: "accepted",
  D: "done",
  I: "busy",
  "^": "overload",
  v: "underload",
  E: "stability-timeout",
};

/** RW1-RW4. */
export function decodeLine(line: string | null): Decoded {
  if (line === null) return refused("not one line of printable characters closed by CR LF");
  const [, marker, sign = "", digits = "", unit = ""] = MASS.exec(line) ?? [];
  const beyond = OUT_OF_RANGE.exec(line)?.[1];
  if (beyond !== undefined) return status(beyond === "^" ? "overload" : "underload");
  if (marker !== undefined) {
    const stability = marker === "?" ? "motion" : "stable";
    return weightOf({ sign, digits, unit, stability, mode: "unknown" }, benchUnits);
  }
  if (line === "ES") return status("syntax-error");
  if (IDENTITY.test(line)) return status("information");
  const answer = acknowledgements[ACKNOWLEDGED.exec(line)?.[1] ?? ""];
  return answer === undefined ? refused("no Radwag reply") : status(answer);
}

/** RW5: the serial number in the answer to NB; "unable" where the scale knows no such command or has none to give. */
export function identityOf(line: string | null): { readonly serial: string } | "unable" | null {
  const serial = IDENTITY.exec(line ?? "")?.[1];
  if (serial !== undefined) return { serial };
  return line === "ES" || line === "NB I" ? "unable" : null;
}
