/** Run by crash.test.ts in a process of its own: commits and executes as fast as it can until somebody kills it. */
import { openStore } from "../../ledger/store/index.ts";
import { bundleWrite, executeOne, LANES, NO_PARENT, nextBundle } from "./bundles.ts";

const path = process.argv[2];
if (path === undefined) throw new Error("usage: committer.ts DATABASE");
const store = await openStore({ path, site: "test-site", gateway: "gateway-0", lanes: LANES });
let parent: ReturnType<typeof nextBundle> | null = null;
for (;;) {
  const bundle: ReturnType<typeof nextBundle> = nextBundle(0, parent, 2);
  const { number } = bundle.header;
  parent = bundle;
  const committed = store.commit([
    bundleWrite(0, bundle),
    { kind: "accepted", key: `key-${number}`, number },
    { kind: "memo", key: "last", bytes: new TextEncoder().encode(String(number)) },
  ]);
  const tip = { number, hash: bundle.hash };
  const executed = executeOne(store, number + 1, [
    tip,
    ...Array.from({ length: LANES - 1 }, () => ({ number: -1, hash: NO_PARENT })),
  ]);
  // Several commits are on their way at once, and each is acknowledged on its own.
  const acknowledged = committed.then(() => process.stdout.write(`c${number}\n`));
  const done = executed.then((outcome) =>
    process.stdout.write(`${outcome.kind === "executed" ? "x" : "?"}${number}\n`),
  );
  if (number % 8 === 7) await Promise.all([acknowledged, done]);
}
