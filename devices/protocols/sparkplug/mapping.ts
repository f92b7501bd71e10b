import { lengthUnit, type LengthUnit, massUnit, type MassUnit } from "../../quantity/index.ts";
import type { ProtocolSettings } from "../protocol.ts";

/** SP3: which metric is what, as the site agreed on it for one device. */
export type Mapping = {
  readonly mass: {
    readonly metric: string;
    readonly unit: MassUnit;
    readonly decimals: number | null;
    readonly mode: "net" | "gross";
    /** The metric that says so; true = the device publishes nothing else. */
    readonly stable: string | true | null;
  } | null;
  readonly dimensions: {
    readonly length: string;
    readonly width: string;
    readonly height: string;
    readonly unit: LengthUnit;
    readonly decimals: number | null;
  } | null;
  readonly item: string | null;
  /** SP8: its coming says that all of the others are of one weighing, those that did not change included. */
  readonly trigger: string | null;
  /** All of the above, each once. */
  readonly names: ReadonlySet<string>;
};

const KNOWN = [
  "mass",
  "massUnit",
  "massDecimals",
  "massMode",
  "stable",
  "length",
  "width",
  "height",
  "lengthUnit",
  "lengthDecimals",
  "item",
  "trigger",
] as const;
type Setting = (typeof KNOWN)[number];
const MOST_DECIMALS = 6;

class Fault extends Error {
  override readonly name = "Fault";
}

/** SP3: the mapping of a device's settings; a text = what is wrong with them. */
export function mappingOf(settings: ProtocolSettings): Mapping | string {
  const unknown = Object.keys(settings).find((name) => !KNOWN.some((known) => known === name));
  if (unknown !== undefined) return `"${unknown}" is no setting of sparkplug; known: ${KNOWN.join(", ")}`;
  try {
    return mapped(settings);
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

function mapped(settings: ProtocolSettings): Mapping {
  const metric = (name: Setting): string | null => {
    const value = settings[name];
    if (value === undefined) return null;
    if (typeof value !== "string") throw new Fault(`"${name}" must name a metric`);
    return value;
  };
  const mass = metric("mass");
  const [length, width, height] = [metric("length"), metric("width"), metric("height")];
  const item = metric("item");
  const trigger = metric("trigger");
  const stable = settings["stable"] === true ? true : metric("stable");
  if (mass === null) demandNone(settings, ["massUnit", "massDecimals", "massMode", "stable"], "mass");
  if (length === null && width === null && height === null)
    demandNone(settings, ["lengthUnit", "lengthDecimals"], "length, width and height");
  const sides =
    length === null && width === null && height === null
      ? null
      : { ...allOf(length, width, height), ...lengths(settings) };
  if (mass === null && sides === null && item === null)
    throw new Fault('name at least one of "mass", "length", "item"');
  const named = [mass, typeof stable === "string" ? stable : null, length, width, height, item].filter(
    (name) => name !== null,
  );
  if (new Set(named).size !== named.length) throw new Fault("one metric has two meanings");
  return {
    mass: mass === null ? null : { metric: mass, ...masses(settings), stable },
    dimensions: sides,
    item,
    trigger,
    names: new Set(trigger === null ? named : [...named, trigger]),
  };
}

function masses(settings: ProtocolSettings): {
  readonly unit: MassUnit;
  readonly decimals: number | null;
  readonly mode: "net" | "gross";
} {
  const unit = massUnit(String(settings["massUnit"] ?? ""));
  if (unit === null) throw new Fault('"massUnit" must be one of mg, g, kg, t, oz, lb');
  const mode = settings["massMode"] ?? "net";
  if (mode !== "net" && mode !== "gross") throw new Fault('"massMode" must be net or gross');
  return { unit, decimals: decimals(settings, "massDecimals"), mode };
}

function lengths(settings: ProtocolSettings): { readonly unit: LengthUnit; readonly decimals: number | null } {
  const unit = lengthUnit(String(settings["lengthUnit"] ?? ""));
  if (unit === null) throw new Fault('"lengthUnit" must be one of mm, cm, m, in');
  return { unit, decimals: decimals(settings, "lengthDecimals") };
}

function allOf(
  length: string | null,
  width: string | null,
  height: string | null,
): { readonly length: string; readonly width: string; readonly height: string } {
  if (length === null || width === null || height === null)
    throw new Fault('"length", "width" and "height" come together or not at all');
  return { length, width, height };
}

function decimals(settings: ProtocolSettings, name: Setting): number | null {
  const value = settings[name];
  if (value === undefined) return null;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MOST_DECIMALS)
    throw new Fault(`"${name}" must be a whole number from 0 to ${MOST_DECIMALS}`);
  return value;
}

function demandNone(settings: ProtocolSettings, names: readonly Setting[], without: string): void {
  const given = names.find((name) => settings[name] !== undefined);
  if (given !== undefined) throw new Fault(`"${given}" is given without ${without}`);
}
