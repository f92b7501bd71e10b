import { type Indication, type Indicator, presetTare, tared, zeroed } from "../scale/indicator.ts";
import { type Deed, dialectOf } from "./talk.ts";
import { digitsOf, isNegative } from "./text.ts";

/** Radwag WTC: what takes time is accepted first (A) and done later (D, a mass frame, or a refusal). */
export const radwag = dialectOf({
  protocol: "radwag",
  terminators: "\r\n",
  streams: false,
  print: (shown, command) => `${frameOf(shown, command)}\r\n`,
  // S, SI and C1 send the basic unit, whatever the unit key chose; SU, SUI and CU1 what is shown.
  displayFor: (indicator, command) => (command.includes("U") ? indicator : { ...indicator, displayIndex: 0 }),
  obey,
});

const PRESET = /^UT (\d{1,5}(?:\.\d{1,3})?)$/;
const GRAMS_PER_KILOGRAM = 1000;

function obey(command: string, indicator: Indicator): Deed {
  switch (command) {
    case "SI":
    case "SUI":
      return { prints: true };
    case "S":
    case "SU":
      return {
        says: `${command} A\r\n`,
        waits: { rested: () => ({ prints: true }), expired: { says: `${command} E\r\n` } },
      };
    case "Z":
    case "T":
      return {
        says: `${command} A\r\n`,
        waits: { rested: (at, now) => keyed(command, at, now), expired: { says: `${command} E\r\n` } },
      };
    case "C1":
    case "CU1":
      return { says: `${command} A\r\n`, streams: true };
    case "C0":
    case "CU0":
      return { says: `${command} A\r\n`, streams: false };
    case "K1":
    case "K0":
      return { says: `${command} D\r\n` };
    case "NB":
      return { says: `NB A "${indicator.settings.serial}"\r\n` };
    default: {
      const kilograms = PRESET.exec(command)?.[1];
      if (kilograms === undefined) return { says: "ES\r\n" };
      return { indicator: presetTare(indicator, Number(kilograms) * GRAMS_PER_KILOGRAM), says: "UT D\r\n" };
    }
  }
}

function keyed(command: "Z" | "T", indicator: Indicator, atMs: number): Deed {
  const done = command === "Z" ? zeroed(indicator, atMs) : tared(indicator, atMs);
  if (done.kind === "refused") return { says: `${command} ${done.reason === "overload" ? "^" : "v"}\r\n` };
  return { indicator: done.indicator, says: `${command} D\r\n` };
}

/** Command 3, stability, blank, sign, mass 9, blank, unit 3. A stream of C1 bears the mark of SI. */
function frameOf(shown: Indication, command: string): string {
  const name = (command.startsWith("S") ? command : "SI").padEnd(3);
  if (shown.kind !== "weight") {
    const marker = shown.kind === "overload" ? "^" : "v";
    return `${name}${marker}  ${"-".repeat(9)} ${shown.unit.padEnd(3)}`;
  }
  const { net, stable, unit } = shown;
  const digits = digitsOf(net);
  return `${name}${stable ? " " : "?"} ${isNegative(net) ? "-" : " "}${digits.padStart(9)} ${unit.padEnd(3)}`;
}
