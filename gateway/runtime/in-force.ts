import { join } from "node:path";
import { currentOf, type Lineage, lineageJson, type Site } from "../../ledger/management/index.ts";
import { type GatewayConfig, SITE_FILE } from "../config/index.ts";
import { replaceFile } from "../site/gateway-yaml.ts";

/** N11: the configurations of the site as far as this gateway knows: by its store, or by a SITE.json that is ahead of it. */
export type InForce = {
  readonly lineage: () => Lineage;
  readonly site: () => Site;
  /** An epoch began, or was found begun. SITE.json follows, for auditors and for the commands that read it. Answers whether it was news. */
  readonly learn: (lineage: Lineage) => boolean;
  /** Resolves when SITE.json is written. */
  readonly settled: () => Promise<void>;
};

export function makeInForce(config: GatewayConfig, failed: (error: Error) => void): InForce {
  let known = config.lineage;
  let written: Promise<void> = Promise.resolve();
  return {
    lineage: () => known,
    site: () => currentOf(known),
    learn: (lineage) => {
      if (lineage.length <= known.length) return false;
      known = lineage;
      const text = `${JSON.stringify(lineageJson(lineage), null, 2)}\n`;
      written = written.then(() => replaceFile(join(config.dir, SITE_FILE), text)).catch(failed);
      return true;
    },
    settled: () => written,
  };
}
