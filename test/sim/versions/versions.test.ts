import test from "ava";
import { hashUnder, missingFrom, runtimesHere } from "./nodes.ts";

const runtimes = await runtimesHere();
const here = runtimes.map(({ version }) => version).join(", ");

// T5: a machine with one runtime has nothing to compare; `npm run sim:versions -- --fetch` gets the others.
const compared = runtimes.length > 1 ? test : test.skip;

compared(`the same seeds give the same runs, to the last byte, under Node ${here}`, async (t) => {
  const hashes = await Promise.all(
    runtimes.map((runtime) => hashUnder(runtime, ["--seeds", "1..3", "--attack", "all"])),
  );
  t.is(new Set(hashes).size, 1, `${here}: ${hashes.join(", ")}`);
  const missing = missingFrom(runtimes);
  if (missing.length > 0) t.log(`not at hand: Node ${missing.join(", ")}`);
});
