import { type Indication, indicationAt, type Indicator, tared, zeroed } from "../scale/indicator.ts";
import type { Answer, Dialect } from "./dialect.ts";
import { bytesOf, digitsOf, isNegative, saying } from "./text.ts";

/** What came after an ESC that is not yet a command. CR and LF after a command are not needed and not looked at. */
type State = { readonly open: string };

const ESC = "\x1b";

/** Sartorius Combics with SBI of 16 characters, printing on request "all values, at once". */
export const sartoriusSbi: Dialect<State> = {
  protocol: "sartorius-sbi",
  switchedOn: () => ({ open: "" }),
  step: (before, indicatorBefore, input, atMs) => {
    let { open } = before;
    let indicator = indicatorBefore;
    const answers: Answer[] = [];
    for (const byte of input.kind === "received" ? input.bytes : []) {
      open = extended(open, String.fromCharCode(byte));
      if (!isCommand(open)) continue;
      const done = obey(open.slice(ESC.length), indicator, atMs);
      indicator = done.indicator;
      answers.push(...done.answers);
      open = "";
    }
    return { state: { open }, indicator, answers, wakeAtMs: null };
  },
};

/** `f3_`, `x1_` and their like have three characters, all others one. */
const extended = (open: string, character: string): string =>
  character === ESC ? ESC : open === "" || open.length > 3 ? "" : open + character;
const isCommand = (open: string): boolean => ("fx".includes(open.charAt(1)) ? open.length === 4 : open.length === 2);

function obey(
  command: string,
  indicator: Indicator,
  atMs: number,
): { readonly indicator: Indicator; readonly answers: readonly Answer[] } {
  switch (command) {
    case "P":
      return { indicator, answers: [printed(indicator, atMs)] };
    case "T":
    case "U":
    case "f4_":
      return { indicator: changed(indicator, tared(indicator, atMs)), answers: [] };
    case "V":
    case "f3_":
      return { indicator: changed(indicator, zeroed(indicator, atMs)), answers: [] };
    case "Z":
      // Internal calibration, which a host that meant "zero" has just begun.
      return { indicator, answers: [saying(`${"C".padStart(7).padEnd(14)}\r\n`)] };
    case "x1_":
      return { indicator, answers: [saying(`${"CIS1-SIM".padEnd(14)}\r\n`)] };
    case "x2_":
      return { indicator, answers: [saying(`${indicator.settings.serial.padStart(14)}\r\n`)] };
    default:
      return { indicator, answers: [] };
  }
}

const changed = (indicator: Indicator, done: ReturnType<typeof zeroed>): Indicator =>
  done.kind === "done" ? done.indicator : indicator;

function printed(indicator: Indicator, atMs: number): Answer {
  const shown = indicationAt(indicator, atMs);
  // Without its unit a block does not say what lies there.
  const weighing = shown.kind === "weight" && shown.stable ? shown.weighing : null;
  return { bytes: bytesOf(`${blockOf(shown)}\r\n`), weighing };
}

/** Sign, weight 9, blank, unit 3, which is blank for as long as the balance moves. */
function blockOf(shown: Indication): string {
  if (shown.kind !== "weight") return (shown.kind === "overload" ? "H" : "L").padStart(7).padEnd(14);
  const { net, stable, unit } = shown;
  const digits = digitsOf(net);
  return `${isNegative(net) ? "-" : "+"}${digits.padStart(9)} ${(stable ? unit : "").padEnd(3)}`;
}
