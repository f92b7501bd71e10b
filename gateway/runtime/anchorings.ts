import { anchorOnEmbedded } from "../../ledger/anchor/index.ts";
import { lineageJson, originOf } from "../../ledger/management/index.ts";
import type { Replica } from "../../ledger/replica/index.ts";
import type { Recovered, Store } from "../../ledger/store/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import { type Anchoring, startAnchoring } from "./anchoring.ts";

/** N2. */
const STAGGER_MS = 150;

/** One for each configured ledger, knowing what was anchored before the start. */
export function startAnchorings(parts: {
  readonly config: GatewayConfig;
  readonly store: Pick<Store, "consistency">;
  readonly recovered: Pick<Recovered, "checkpoint" | "anchors">;
  readonly replica: Pick<Replica, "anchored" | "lineage">;
  readonly alarm: (kind: string, detail: string) => void;
  readonly after: (ms: number, run: () => void) => () => void;
}): readonly Anchoring[] {
  const { config, recovered } = parts;
  const siteJson = (): string | null => {
    const lineage = parts.replica.lineage();
    return lineage.length === 1 ? null : JSON.stringify(lineageJson(lineage));
  };
  return config.settings.anchors.map(({ ledger, url }) => {
    const anchoring = startAnchoring({
      anchor: anchorOnEmbedded({ url, ledgerKey: keyOf(config, ledger), origin: originOf(config.site.site), siteJson }),
      consistency: parts.store.consistency,
      staggerMs: config.self * STAGGER_MS,
      anchored: (size, note) => parts.replica.anchored(ledger, size, note),
      failed: (reason) => parts.alarm("anchor", `ledger ${ledger} does not record checkpoints: ${reason}`),
      after: parts.after,
    });
    for (const anchor of recovered.anchors) if (anchor.ledger === ledger) anchoring.onAnchored(anchor.size);
    if (recovered.checkpoint !== null) anchoring.onCheckpoint(recovered.checkpoint.size, recovered.checkpoint.note);
    return anchoring;
  });
}

/** The configuration was checked against the site: every ledger that it names is there (C4). */
function keyOf({ site }: GatewayConfig, name: string): string {
  const ledger = site.ledgers.find((candidate) => candidate.name === name);
  if (ledger === undefined)
    throw new Error(`the checked configuration names the ledger ${name}, which is not of site ${site.site}`);
  return ledger.key;
}
