import { type CborValue, decimal, decimalOf, decodeUnchecked, encode } from "../cbor/index.ts";
import type { Decimal } from "../statement/index.ts";
import type { Sighting, Twin, Verdict } from "./twin.ts";

/** T4: one twin, one encoding: [item, count, flagged, latest, history] in deterministic CBOR. */
export function encodeTwin(twin: Twin): Uint8Array {
  const { latest } = twin;
  const { length, width, height } = latest.dimensions;
  return encode([
    twin.item,
    twin.count,
    twin.flagged,
    [
      latest.lane,
      latest.number,
      latest.index,
      latest.at,
      decimal(latest.mass),
      decimal(latest.division),
      [decimal(length), decimal(width), decimal(height)],
      latest.verdict,
      latest.reasons,
    ],
    twin.history.map(({ lane, number, massGrams, at, verdict }) => [lane, number, massGrams, at, verdict]),
  ]);
}

/** Reads what `encodeTwin` wrote. The bytes are this gateway's own: anything else is a damaged store, and throws. */
export function decodeTwin(bytes: Uint8Array): Twin {
  const decoded = decodeUnchecked(bytes);
  if (decoded.kind === "reject") return damaged(decoded.reason);
  const [item, count, flagged, latest, history] = list(decoded.value);
  const [lane, number, index, at, mass, division, dimensions, verdict, reasons] = list(latest);
  const [length, width, height] = list(dimensions);
  return {
    item: text(item),
    count: whole(count),
    flagged: whole(flagged),
    latest: {
      lane: whole(lane),
      number: whole(number),
      index: whole(index),
      at: whole(at),
      mass: fraction(mass),
      division: fraction(division),
      dimensions: { length: fraction(length), width: fraction(width), height: fraction(height) },
      verdict: verdictOf(verdict),
      reasons: list(reasons).map(text),
    },
    history: list(history).map(sighting),
  };
}

function sighting(value: CborValue): Sighting {
  const [lane, number, massGrams, at, verdict] = list(value);
  return {
    lane: whole(lane),
    number: whole(number),
    massGrams: text(massGrams),
    at: whole(at),
    verdict: verdictOf(verdict),
  };
}

function list(value: CborValue | undefined): readonly CborValue[] {
  return Array.isArray(value) ? (value as readonly CborValue[]) : damaged("a list is missing");
}

function text(value: CborValue | undefined): string {
  return typeof value === "string" ? value : damaged("a text is missing");
}

function whole(value: CborValue | undefined): number {
  return typeof value === "number" ? value : damaged("a number is missing");
}

function fraction(value: CborValue | undefined): Decimal {
  return decimalOf(value) ?? damaged("a decimal is missing");
}

function verdictOf(value: CborValue | undefined): Verdict {
  return value === "accept" || value === "flag" ? value : damaged("a verdict is missing");
}

function damaged(what: string): never {
  throw new Error(`a stored twin is damaged: ${what}`);
}
