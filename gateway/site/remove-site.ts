import { rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lockFile, lockPathOf } from "../../ledger/store/index.ts";
import { GatewayFailure, loadConfig, loadSite, SITE_FILE, storePathOf } from "../config/index.ts";

/**
 * M4: removes a site that `makeSite` made, and nothing else that may lie in the directory. Nothing is removed while one of its
 * gateways or its ledger runs: throws SITE_IN_USE.
 */
export async function removeSite(dir: string): Promise<void> {
  const root = resolve(dir);
  const path = join(root, SITE_FILE);
  const gateways = (await isThere(path)) ? (await loadSite(path)).gateways.map(({ name }) => name) : [];
  const locks: (() => void)[] = [];
  try {
    for (const { by, lock, file } of await owners(root, gateways)) {
      // A lock file is made by its first owner: where the locked thing never was, nobody can have it.
      if (!(await isThere(file))) continue;
      const release = lockOrNone(lock);
      if (release === null) throw new GatewayFailure("SITE_IN_USE", { path: root, by });
      locks.push(release);
    }
    const parts = [...gateways, "ledger", "dev", "receipts", "journals", "devices.json"];
    for (const part of parts) await rm(join(root, part), { recursive: true, force: true });
    // Last, so that an interrupted removal can still find what belongs to the site.
    await rm(path, { force: true });
  } finally {
    for (const release of locks) release();
  }
}

type Owner = { readonly by: string; readonly lock: string; readonly file: string };

async function owners(root: string, gateways: readonly string[]): Promise<readonly Owner[]> {
  const records = join(root, "ledger", "ledger-records.db");
  const found: Owner[] = [{ by: "its shared ledger", lock: records, file: records }];
  for (const gateway of gateways) {
    const dir = join(root, gateway);
    // A gateway whose configuration is broken cannot run, unless it started before that: its usual store is looked at.
    const store = await loadConfig(dir).then(storePathOf, () => join(dir, "store.db"));
    found.push({ by: `its gateway ${gateway}`, lock: lockPathOf(store), file: store });
  }
  return found;
}

/** A file that SQLite cannot read is nobody's lock: `--fresh` is what its owner needs. */
function lockOrNone(path: string): (() => void) | null {
  try {
    return lockFile(path);
  } catch {
    return () => undefined;
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return false;
      throw error;
    },
  );
}
