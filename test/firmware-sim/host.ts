/** A host for the tests to kill: reads one station for ever and prints what it would have recorded, one line each. */
import { writeSync } from "node:fs";
import { openDevice } from "../../devices/index.ts";

const [path = "", port = "0"] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);
const quiet = { status: () => {}, health: () => {} };

openDevice(
  { id: "scale", protocol: "mt-sics", transport: { kind: "serial", path }, timing: { pollMs: 50 } },
  {
    ...quiet,
    readings: ([reading]) => {
      if (reading?.quantity.kind !== "mass" || reading.quantity.stability !== "stable") return;
      say(`mass ${reading.quantity.value.mantissa}`);
    },
  },
);
openDevice(
  { id: "dims", protocol: "sick", transport: { kind: "tcp", host: "127.0.0.1", port: Number(port) } },
  {
    ...quiet,
    readings: (readings) => {
      for (const { quantity } of readings) if (quantity.kind === "item") say(`item ${quantity.item}`);
    },
  },
);
