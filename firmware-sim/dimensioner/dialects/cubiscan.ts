import { bytesOf, heard } from "../../dialects/text.ts";
import type { MeasuringDialect, Presented, Telegram } from "../dialect.ts";

/**
 * A Cubiscan without a scale, set to centimetres, whose measure key is pressed when something is presented. State: the unfinished
 * command. An empty platform measures zeros; refusals have no LF, as in the manual's prose.
 */
export const cubiscan: MeasuringDialect<string> = {
  protocol: "cubiscan",
  measures: ["dimensions"],
  wire: "serial",
  switchedOn: "",
  step: (before, presented, input) => {
    if (input.kind === "measured")
      return { state: before, telegrams: presented === null ? [] : [measurement("C", presented)] };
    const { commands, rest } = heard(before, input.bytes, "\x03\r\n");
    return { state: rest, telegrams: commands.map((command) => answer(command, presented)) };
  },
};

function answer(command: string, presented: Presented | null): Telegram {
  switch (command.slice(command.lastIndexOf("\x02"))) {
    case "\x02M":
      return measurement("H", presented);
    case "\x02U":
      return telegram("UAMMI6000004600", "\r\n");
    case "\x02Z":
      return presented === null ? telegram("ZA", "\r\n") : telegram("ZN", "\r");
    default:
      return telegram("?N", "\r");
  }
}

const telegram = (body: string, end: string): Telegram => ({ bytes: bytesOf(`\x02${body}\x03${end}`), tells: false });

/** Cubic centimetres that weigh a kilogram, of its menu. */
const FACTOR = 6_000;

function measurement(origin: "C" | "H", presented: Presented | null): Telegram {
  const [length, width, height] = presented?.mm ?? [0, 0, 0];
  const cubicCentimetres = (length * width * height) / 1_000;
  const fields = [
    `MA${origin}004600`,
    `L${side(length)}`,
    `W${side(width)}`,
    `H${side(height)}`,
    "M",
    "K000.00",
    `D${Math.min(999.99, cubicCentimetres / FACTOR)
      .toFixed(2)
      .padStart(6, "0")}`,
    "M",
    `F${FACTOR}`,
    "I",
  ];
  return { ...telegram(fields.join(), "\r\n"), tells: presented !== null };
}

/** Millimetres as centimetres with one decimal, 000.0 to 999.9. */
const side = (mm: number): string => `${Math.floor(mm / 10)}.${mm % 10}`.padStart(5, "0");
