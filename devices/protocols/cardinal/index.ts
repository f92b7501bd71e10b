import { pattern } from "../pattern/index.ts";
import type { Protocol, ProtocolSettings } from "../protocol.ts";

/** CD1, CD2: a page of settings and not code. */
const settings: ProtocolSettings = {
  starts: "cr",
  ends: "etx",
  longest: 15,
  line: "(?<sign>[+-])(?:(?<value>[\\d.]{6})(?<stability>[ m])|.{6}(?<overload>o)) (?<unit>[a-z]{2}|[a-z] ) (?<mode>[gn])  ",
  stable: "blank",
  moving: "m",
  gross: "g",
  net: "n",
};

/** Cardinal stream, as indicators of Cardinal and Rice Lake send it: see README.md. */
export const cardinal: Protocol = named("cardinal", settings);

function named(name: string, described: ProtocolSettings): Protocol {
  const made = pattern.withSettings?.(described) ?? "";
  if (typeof made === "string") throw new Error(`${name}: ${made}`);
  const { withSettings: _, ...protocol } = made;
  return {
    ...protocol,
    name,
    lines: [
      { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
      { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
      { baudRate: 1_200, dataBits: 7, parity: "odd", stopBits: 1 },
    ],
  };
}
