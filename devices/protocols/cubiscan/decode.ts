import { exactKilograms, type LengthUnit, type MassUnit, parseDecimal, type Quantity } from "../../quantity/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import { bodyOf } from "./framing.ts";

const SIDE = String.raw`(\d{3}\.\d)`;
const WEIGHT = String.raw`(\d{3}\.\d\d)`;
/** CU2: origin, sides, their unit, weight, its unit. */
const MEASURED = new RegExp(
  `^MA([CH])[0-9A-Za-z ]{6},L${SIDE},W${SIDE},H${SIDE},([EM]),K${WEIGHT},D${WEIGHT},([EM]),F\\d{4},[DI]$`,
);
/** CU4. */
const FAILED = /^MN[CH]([CMZ])$/;
const failures: Readonly<Record<string, string>> = {
  C: "corner-sensor-error",
  M: "measure-error",
  Z: "zero-error",
};
const UNITS = /^UA[EM][EM][DI]\d{4}[0-9A-Za-z ]{6}$/;

const lengthUnits: Readonly<Record<string, LengthUnit>> = { E: "in", M: "cm" };
const massUnits: Readonly<Record<string, MassUnit>> = { E: "lb", M: "kg" };

export function decodeFrame(frame: Uint8Array): Decoded {
  const body = bodyOf(frame);
  if (body === null) return refused("not one telegram of a Cubiscan");
  const measured = MEASURED.exec(body);
  if (measured !== null) return decodeMeasured(measured);
  const failure = failures[FAILED.exec(body)?.[1] ?? ""];
  if (failure !== undefined) return status(failure);
  if (UNITS.test(body)) return status("units");
  if (body === "?N") return status("unknown-command");
  return refused("no answer of a Cubiscan that is read here");
}

/** CU3. */
function decodeMeasured(fields: RegExpExecArray): Decoded {
  const [length, width, height, weight] = [2, 3, 4, 6].map((field) => parseDecimal(fields[field] ?? ""));
  const lengthUnit = lengthUnits[fields[5] ?? ""];
  const massUnit = massUnits[fields[8] ?? ""];
  // The expression has admitted digits and letters, so that nothing of these can be.
  if (!length || !width || !height || !weight || lengthUnit === undefined || massUnit === undefined)
    return refused("the fields hold no decimals");
  if (exactKilograms(weight, massUnit) === null) return refused("the weight has no exact value in kg");
  const quantities: Quantity[] = [];
  if (length.mantissa > 0 && width.mantissa > 0 && height.mantissa > 0)
    quantities.push({ kind: "dimensions", length, width, height, unit: lengthUnit });
  if (weight.mantissa > 0)
    quantities.push({ kind: "mass", value: weight, unit: massUnit, stability: "stable", mode: "unknown" });
  return quantities.length === 0 ? status("empty") : { kind: "quantities", quantities };
}

/** CU5: what two measurements of the same thing have in common; null = it is none. */
export function valuesOf(frame: Uint8Array): string | null {
  const body = bodyOf(frame);
  return body !== null && MEASURED.test(body) && decodeFrame(frame).kind === "quantities"
    ? body.slice(ORIGIN_END)
    : null;
}

const ORIGIN_END = 3;

/** Whether a measurement answers a host's M, and not the key of the device. */
export const isForHost = (frame: Uint8Array): boolean => MEASURED.exec(bodyOf(frame) ?? "")?.[1] === "H";

/** CU6: only a Cubiscan says so. */
export const isUnits = (frame: Uint8Array): boolean => UNITS.test(bodyOf(frame) ?? "");
