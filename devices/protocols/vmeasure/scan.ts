import { JsonReader, Unreadable } from "../../quantity/index.ts";

/** VM3: what an answer says, still as texts. Absent members are empty texts. */
export type Scan = {
  readonly id: string;
  readonly scannedOn: string;
  readonly status: boolean;
  readonly dimensionUnit: string;
  readonly length: string;
  readonly width: string;
  readonly height: string;
  readonly weightUnit: string;
  readonly actualWeight: string;
  readonly sku: string;
};

const TEXTS = [
  "id",
  "scannedOn",
  "dimensionUnit",
  "length",
  "width",
  "height",
  "weightUnit",
  "actualWeight",
  "sku",
] as const;

/** VM1-VM3; a text = why it is refused. Never throws. */
export function readScan(frame: Uint8Array): Scan | string {
  const seen = new Map<string, string | boolean>();
  try {
    const reader = new JsonReader(frame);
    reader.object((name) => {
      if (name !== "status" && !TEXTS.some((text) => text === name)) return reader.skip();
      if (seen.has(name)) throw new Unreadable(`"${name}" stands there twice`);
      seen.set(name, name === "status" ? reader.boolean() : reader.string());
    });
    reader.end();
  } catch (error) {
    if (error instanceof Unreadable) return error.message;
    throw error;
  }
  const status = seen.get("status");
  if (typeof status !== "boolean") return '"status" is missing';
  const text = (name: (typeof TEXTS)[number]): string => String(seen.get(name) ?? "");
  if (text("id") === "") return '"id" is missing';
  return {
    id: text("id"),
    scannedOn: text("scannedOn"),
    status,
    dimensionUnit: text("dimensionUnit"),
    length: text("length"),
    width: text("width"),
    height: text("height"),
    weightUnit: text("weightUnit"),
    actualWeight: text("actualWeight"),
    sku: text("sku"),
  };
}
