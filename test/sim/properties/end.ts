/** What must hold when the site has healed and had its time: promises 1, 2 and 7, on the stores alone. */
import { decodeStatement } from "../../../ledger/statement/index.ts";
import type { MemoryStore } from "../../../ledger/store/memory.ts";
import type { Cluster } from "../cluster.ts";
import { nameOf } from "./context.ts";
import type { Watch } from "./index.ts";

/** True when nothing is left to do: all that honest gateways accepted is final everywhere, executed and cosigned. */
export function isSettled(cluster: Cluster, watch: Watch): boolean {
  const all = cluster.nodes.filter((_, index) => !watch.isLiar(index)).map(({ replica }) => replica?.status() ?? null);
  const first = all[0];
  if (first === undefined || first === null) return false;
  return all.every((one) => {
    if (one === null || one.log.size !== first.log.size || one.log.root !== first.log.root) return false;
    if ((one.checkpoint?.size ?? 0) !== one.log.size || Object.values(one.queues).some((size) => size > 0))
      return false;
    return one.lanes.every((lane, index) => watch.isLiar(index) || lane.held === lane.executed);
  });
}

export async function checkEnd(cluster: Cluster, watch: Watch, picky: number | null): Promise<readonly string[]> {
  const honest = [...cluster.nodes.entries()].filter(([index]) => !watch.isLiar(index));
  const logs = await Promise.all(honest.map(async ([index, { disk }]) => [index, await logOf(disk.store())] as const));
  const longest = logs.map(([, log]) => log).reduce((a, b) => (b.length > a.length ? b : a));
  for (const [index, log] of logs) {
    const at = log.findIndex((line, at) => line !== longest[at]);
    if (at >= 0) watch.violated("agreement", `${nameOf(index)} has ${log[at]} at ${at}, another has ${longest[at]}`);
    if (log.length !== longest.length)
      watch.violated("progress", `${nameOf(index)} has ${log.length} final statements, another ${longest.length}`);
  }
  countLines(cluster, watch, longest);
  for (const [index, { disk, replica }] of honest) {
    // L9: nobody honest is taken for a liar; only the picky one falls silent (L8).
    const { silentLanes } = await disk.store().recover();
    const wronged = silentLanes.filter((lane) => !watch.isLiar(lane));
    if (wronged.length > 0 && index !== picky)
      watch.violated("L9", `${nameOf(index)} gives no acks in the lanes ${wronged.join(", ")}`);
    const status = replica?.status();
    if ((status?.checkpoint?.size ?? 0) !== (status?.log.size ?? 0))
      watch.violated("progress", `${nameOf(index)}: log ${status?.log.size}, checkpoint ${status?.checkpoint?.size}`);
    // R8: what honest gateways send is never held against them, whatever the network and their disks do.
    for (const [peer, { rejects, last, cutOffs }] of (status?.conduct ?? []).entries())
      if (rejects + cutOffs > 0 && !watch.isLiar(peer))
        watch.violated("R8", `${nameOf(index)} blames ${nameOf(peer)}, which is honest: ${last ?? "a flood"}`);
  }
  return longest;
}

/** Promises 1 and 2: no statement that was accepted is lost, none is final twice. */
function countLines(cluster: Cluster, watch: Watch, lines: readonly string[]): void {
  const seen = new Set<string>();
  const numbers = new Set<string>();
  for (const line of lines) {
    const [lane, number, item] = line.split(" ");
    if (numbers.has(`${lane} ${number}`))
      watch.violated("doubled", `statement ${number} of lane ${lane} is final twice`);
    // A liar may sell an item twice; its word is its own.
    if (seen.has(`${lane} ${item}`) && !watch.isLiar(Number(lane))) watch.violated("doubled", `${item} is final twice`);
    numbers.add(`${lane} ${number}`);
    seen.add(`${lane} ${item}`);
  }
  const final = new Set(lines);
  for (const { gateway, number, item } of cluster.accepted)
    if (!watch.isLiar(gateway) && !final.has(`${gateway} ${number} ${item}`))
      watch.violated("lost", `${item} was accepted by ${nameOf(gateway)} as ${number} and is not final`);
}

async function logOf(store: MemoryStore): Promise<readonly string[]> {
  const lines: string[] = [];
  for (;;) {
    const page = await store.statementsAfter(lines.length - 1, 1000);
    if (page.length === 0) return lines;
    for (const { lane, number, bytes } of page) {
      const decoded = decodeStatement(bytes);
      lines.push(`${lane} ${number} ${decoded.kind === "accept" ? decoded.statement.measurement.item : "undecodable"}`);
    }
  }
}
