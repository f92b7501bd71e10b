import { bytesOf } from "../../dialects/text.ts";
import type { MeasuringDialect, Presented } from "../dialect.ts";

/** State: how many telegrams went out, which is the object number. */
export const sick: MeasuringDialect<number> = {
  protocol: "sick",
  measures: ["dimensions", "item"],
  wire: "tcp",
  switchedOn: 0,
  step: (count, presented, input) =>
    input.kind === "received" || presented === null
      ? { state: count, telegrams: [] }
      : { state: count + 1, telegrams: [{ bytes: telegramOf(count, presented), tells: true }] },
};

/** Eleven fields of a Master Data Analyzer without a scale, whose weight is zeroed with scale error 1 (devices/protocols/sick). */
function telegramOf(number: number, { item, mm }: Presented): Uint8Array {
  const [length, width, height] = mm;
  const digits = (value: number, width: number) => value.toString().padStart(width, "0");
  const fields = [
    digits(number % 10_000, 4),
    item ?? "NoRead",
    digits(0, 9),
    "g",
    "1",
    digits(length, 4),
    digits(width, 4),
    digits(height, 4),
    "mm",
    "0000",
    digits(length * width * height, 7),
  ];
  return bytesOf(`\x02${fields.join(";")}\x03`);
}
