import test from "ava";
import { protocols } from "../../devices/protocols/index.ts";
import { type CellResult, runCell } from "./matrix/cell.ts";
import { faultsOfMatrix } from "./matrix/faults.ts";
import { judge } from "./matrix/judge.ts";
import { isPossible, wiredProtocols } from "./matrix/roles.ts";

// Virtual time is the time of the whole process: one cell after the other.
const seed = 1;
/** CT3: these frames do not say whether the scale rests, so nothing of them is ever used. */
const neverUsed = wiredProtocols.filter((name) => name.startsWith("cas-10-"));
/** Faults that end: afterwards the driver measures again, without a hand, or (unit) with one. */
const passing = ["stacked", "silence", "unplug", "rename", "reboot", "stuck", "gap", "unit", "flood"];
/** Faults that cost nothing. */
const harmless = ["none", "split", "merge", "slow", "duplicate", "clock"];

for (const protocol of wiredProtocols) {
  test.serial(`${protocol}: whatever goes wrong, nothing wrong is measured and nothing twice`, async (t) => {
    for (const column of faultsOfMatrix.filter((each) => isPossible(protocol, each))) {
      const { name, faults } = column;
      const result = await runCell({ protocol, faults, seed });
      t.deepEqual([result.wrong, result.doubled], [[], 0], name);
      if (neverUsed.includes(protocol)) {
        t.is(result.right, 0, name);
        continue;
      }
      if (harmless.includes(name)) t.is(result.right, result.presented, name);
      if (passing.includes(name)) t.true(result.right > 0, `${name}: ${JSON.stringify(result)}`);
      if (name === "baud") t.deepEqual([result.right, result.state === "online"], [0, false], JSON.stringify(result));
    }
  });
}

test.serial("F1: a cell of the matrix is the same every time", async (t) => {
  const cell = { protocol: "mt-sics", faults: ["noise=0.4"], seed: 3 };
  const first: CellResult = await runCell(cell);
  t.deepEqual(await runCell(cell), first);
  t.true(first.right < first.presented);
});

test("the judge tells another mass, another side, an unknown item and a second time", (t) => {
  const truth = { item: "A", kilograms: { mantissa: 1500, exponent: -3 }, mm: [300, 200, 100] } as const;
  const side = (mm: number) => ({ mantissa: mm, exponent: -3 });
  const measurement = {
    station: "dock-1",
    item: "A",
    at: 0,
    mass: { mantissa: 15, exponent: -1 },
    division: { mantissa: 5, exponent: -3 },
    dimensions: { length: side(300), width: side(200), height: side(100) },
    frames: [],
  };
  t.deepEqual(judge([truth], [measurement, measurement]), { right: 1, wrong: [], doubled: 1 });
  const others = [
    { ...measurement, mass: { mantissa: 1505, exponent: -3 } },
    { ...measurement, dimensions: { ...measurement.dimensions, width: side(201) } },
    { ...measurement, item: "B" },
  ];
  for (const other of others) t.is(judge([truth], [other]).wrong.length, 1);
});

test("every protocol of a byte line has a simulated device", (t) => {
  // CD1: `pattern` is nothing without settings, and `cardinal` is a pattern with them.
  const simulated = new Set([...wiredProtocols, "pattern"]);
  const without = [...protocols.values()].filter(
    ({ name, framing }) => framing.kind === "stream" && !simulated.has(name) && !NOT_YET.includes(name),
  );
  t.deepEqual(
    without.map(({ name }) => name),
    [],
  );
});

/** Protocols whose simulated devices are not there yet. */
const NOT_YET: readonly string[] = [];
