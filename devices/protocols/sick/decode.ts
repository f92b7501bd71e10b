import {
  exactKilograms,
  lengthUnit,
  massUnit,
  parseDecimal,
  type Decimal,
  type Quantity,
} from "../../quantity/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import { parseTelegram, type Telegram } from "./telegram.ts";

const NO_READ = "NoRead";
const NO_CHECKED_VOLUME = 0n;

/** Decodes one raw telegram. A zero is an error value, never a measurement (K3). */
export function decodeFrame(frame: Uint8Array): Decoded {
  const telegram = parseTelegram(frame);
  if (telegram === null) return refused("not eleven fields of a Master Data Analyzer telegram");
  const mass = massOf(telegram);
  if (typeof mass === "string") return refused(mass);
  const dimensions = dimensionsOf(telegram);
  if (typeof dimensions === "string") return refused(dimensions);
  const quantities = [...itemOf(telegram), ...mass, ...dimensions];
  if (quantities.length > 0) return { kind: "quantities", quantities };
  return status(telegram.status === "0000" ? "no-read" : statusName(telegram.status));
}

const itemOf = ({ barcode }: Telegram): readonly Quantity[] =>
  barcode === NO_READ ? [] : [{ kind: "item", item: barcode }];

/** K4: present only when the scale is connected and the weight is not zero; the device zeroes what is not legal. */
function massOf(telegram: Telegram): readonly Quantity[] | string {
  const value = parseDecimal(telegram.weight);
  if (value === null || telegram.scaleError !== "0" || value.mantissa === 0) return [];
  const unit = massUnit(telegram.weightUnit);
  if (unit === null) return `weight unit "${telegram.weightUnit}" is not known`;
  if (exactKilograms(value, unit) === null) return "the weight has no exact value in kg";
  return [{ kind: "mass", value, unit, stability: "stable", mode: "unknown" }];
}

/** K5: present only with status 0000 and three sides above zero; the volume must not exceed their product. */
function dimensionsOf(telegram: Telegram): readonly Quantity[] | string {
  const [length, width, height] = [telegram.length, telegram.width, telegram.height].map(parseDecimal);
  if (!positive(length) || !positive(width) || !positive(height) || telegram.status !== "0000") return [];
  const unit = lengthUnit(telegram.lengthUnit);
  if (unit === null) return `length unit "${telegram.lengthUnit}" is not known`;
  const volume = BigInt(telegram.volume);
  const box = BigInt(length.mantissa) * BigInt(width.mantissa) * BigInt(height.mantissa);
  if (volume !== NO_CHECKED_VOLUME && volume > box) return "the volume exceeds length x width x height";
  return [{ kind: "dimensions", length, width, height, unit }];
}

const positive = (value: Decimal | null | undefined): value is Decimal =>
  value !== null && value !== undefined && value.mantissa > 0;

const statusName = (code: string): string => (code === "0001" ? "outside-field" : `error-${code.toLowerCase()}`);
