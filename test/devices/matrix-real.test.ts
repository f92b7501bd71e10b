import test from "ava";
import { runCell } from "./matrix/cell.ts";
import { faultsOfMatrix } from "./matrix/faults.ts";
import { httpProtocols, isPossible } from "./matrix/roles.ts";
import { faultsOfMessages, publishedProtocols, runPublishedCell } from "./matrix/published.ts";

/** Faults that cost nothing: what was presented is measured in the end. */
const harmless = ["none", "slow", "clock", "stuck"];

for (const protocol of publishedProtocols) {
  test(`F9: ${protocol}: whatever goes wrong, nothing wrong is measured and nothing twice`, async (t) => {
    const results = await Promise.all(
      faultsOfMessages.map(async ({ name, faults }) => ({
        name,
        ...(await runPublishedCell({ protocol, faults, seed: 1 })),
      })),
    );
    for (const { name, right, wrong, doubled, presented } of results) {
      t.deepEqual([wrong, doubled], [[], 0], name);
      t.true(right > 0, `${name}: ${right} of ${presented}`);
      if (harmless.includes(name)) t.is(right, presented, name);
    }
  });
}

for (const protocol of httpProtocols) {
  test(`F9: ${protocol}: whatever goes wrong, nothing wrong is measured and nothing twice`, async (t) => {
    const possible = faultsOfMatrix.filter((column) => isPossible(protocol, column));
    const results = await Promise.all(
      possible.map(async ({ name, faults }) => ({ name, ...(await runCell({ protocol, faults, seed: 1 })) })),
    );
    for (const { name, wrong, doubled } of results) t.deepEqual([wrong, doubled], [[], 0], name);
    t.true(results.some(({ name, right }) => name === "none" && right > 0));
  });
}
