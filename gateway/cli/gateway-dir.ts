import { stat } from "node:fs/promises";
import { join } from "node:path";
import { CONFIG_FILE, type GatewayConfig, loadConfig, loadSite, SITE_FILE } from "../config/index.ts";

/** The gateway of a directory; of a demo site's directory, its first gateway. Throws what `loadConfig` throws. */
export async function gatewayDirOf(dir: string): Promise<GatewayConfig> {
  if ((await isFile(join(dir, CONFIG_FILE))) || !(await isFile(join(dir, SITE_FILE)))) return loadConfig(dir);
  const site = await loadSite(join(dir, SITE_FILE));
  return loadConfig(join(dir, site.gateways[0]?.name ?? ""));
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
