import { startEmbeddedLedger } from "../../ledger/anchor/index.ts";
import { loadLineage } from "../config/index.ts";
import { needed, readArguments, wholeNumber } from "./arguments.ts";
import { stopRequested, tellReady } from "./lifetime.ts";

/** `tallystick ledger`: the embedded shared ledger for one site. */
export async function ledger(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("ledger", argv, { dir: "text", site: "text", port: "text" });
  const dir = needed("ledger", "dir", options.dir);
  const lineage = await loadLineage(needed("ledger", "site", options.site));
  const stop = stopRequested();
  const running = await startEmbeddedLedger({
    dir,
    port: wholeNumber("port", options.port, 8_380, 1, 65_535),
    sites: [lineage],
  });
  process.stdout.write(`the shared ledger of site ${lineage[0].site.site} listens on ${running.url}\n`);
  tellReady();
  await stop;
  await running.close();
  if (process.connected) process.disconnect();
  return 0;
}
