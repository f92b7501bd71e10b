import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lockFile } from "../../ledger/store/index.ts";
import { GatewayFailure } from "../config/index.ts";

const LOCK_FILE = "site.lock";

/** M8: holds the directory of a site (made when missing) until the returned function is called or the process ends. Throws SITE_IN_USE. */
export async function holdSite(dir: string): Promise<() => void> {
  const root = resolve(dir);
  await mkdir(root, { recursive: true });
  const release = lockFile(join(root, LOCK_FILE));
  if (release === null) throw new GatewayFailure("SITE_IN_USE", { path: root, by: "another demo" });
  return release;
}
