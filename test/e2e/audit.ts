import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { exportRow } from "../../gateway/export/index.ts";
import type { MadeSite } from "../../gateway/site/index.ts";
import { openStoreReadOnly } from "../../ledger/store/index.ts";

export type Audit = {
  /** Items that the devices were told are taken: removed from the scale, or acknowledged. */
  readonly accepted: number;
  /** Taken, but not final. */
  readonly lost: readonly string[];
  /** Final more than once, or never presented, or with other values than presented. */
  readonly doubled: readonly string[];
  readonly foreign: readonly string[];
  /** Gateways whose log differs from the first one's. */
  readonly divergent: readonly string[];
};

type Presented = { readonly item: string; readonly grams: number; readonly mm: readonly number[] };

/** Compares what the simulated devices presented with what every gateway of a stopped site holds to be final. */
export async function audit(made: MadeSite): Promise<Audit> {
  const { presented, taken } = await readJournals(join(made.dir, "journals"));
  const logs = made.gatewayDirs.map((dir) => finalRows(dir, made));
  const [reference = []] = logs;
  const seen = new Map<string, number>();
  const foreign: string[] = [];
  for (const row of reference) {
    seen.set(row.item, (seen.get(row.item) ?? 0) + 1);
    const truth = presented.get(row.item);
    const same =
      truth !== undefined && Number(row.massGrams) === truth.grams && String(row.dimensionsMm) === String(truth.mm);
    if (!same) foreign.push(JSON.stringify({ row, truth }));
  }
  return {
    accepted: taken.size,
    lost: [...taken].filter((item) => !seen.has(item)),
    doubled: [...seen].flatMap(([item, times]) => (times > 1 ? [item] : [])),
    foreign,
    divergent: logs.flatMap((log, index) =>
      JSON.stringify(log) === JSON.stringify(reference) ? [] : [made.site.gateways[index]?.name ?? ""],
    ),
  };
}

function finalRows(dir: string, { site }: MadeSite) {
  const store = openStoreReadOnly(join(dir, "store.db"));
  try {
    return store.statementsAfter(-1, Number.MAX_SAFE_INTEGER).map((final) => exportRow(final, site));
  } finally {
    store.close();
  }
}

/** A line presented; its number in the file beside it = taken. */
async function readJournals(dir: string): Promise<{ presented: Map<string, Presented>; taken: Set<string> }> {
  const presented = new Map<string, Presented>();
  const taken = new Set<string>();
  for (const name of await readdir(dir)) {
    if (!name.endsWith(".jsonl")) continue;
    const lines = (await linesOf(join(dir, name))).map((line) => JSON.parse(line) as Presented);
    for (const line of lines) presented.set(line.item, line);
    for (const number of await linesOf(join(dir, `${name}.done`))) {
      const line = lines[Number(number)];
      if (line === undefined) throw new Error(`${name}.done names line ${number}, which ${name} does not have`);
      taken.add(line.item);
    }
  }
  return { presented, taken };
}

const linesOf = async (path: string): Promise<readonly string[]> =>
  (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
