import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { openStore, type Store } from "../../ledger/store/index.ts";
import { LANES } from "./bundles.ts";

export const identity = { site: "test-site", gateway: "gateway-0", lanes: LANES };

/** A directory of the test's own that goes with it. */
export function directory(t: ExecutionContext): string {
  const made = mkdtempSync(join(tmpdir(), "tallystick-store-"));
  t.teardown(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A store on disk that is closed with the test. */
export async function diskStore(t: ExecutionContext, path = join(directory(t), "ledger.db")): Promise<Store> {
  const store = await openStore({ path, ...identity });
  t.teardown(() => store.close());
  return store;
}
