import { writeFile } from "node:fs/promises";
import { buildReceipt } from "../../ledger/receipt/index.ts";
import { openStoreReadOnly } from "../../ledger/store/index.ts";
import { decodeTwin } from "../../ledger/twin/index.ts";
import { causeOf, GatewayFailure, storePathOf } from "../config/index.ts";
import { needed, readArguments, UsageError } from "./arguments.ts";
import { gatewayDirOf } from "./gateway-dir.ts";

type Fetched =
  | { readonly kind: "receipt"; readonly bytes: Uint8Array }
  | { readonly kind: "none"; readonly reason: string };

/** `tallystick receipt`: exit code 1 when there is none (yet). */
export async function receipt(argv: readonly string[]): Promise<number> {
  const { options, positionals } = readArguments("receipt", argv, { from: "text", out: "text" }, [
    "ITEM or GATEWAY/NUMBER",
  ]);
  const [what = ""] = positionals;
  const from = needed("receipt", "from", options.from);
  const out = options.out;
  if (out === null) throw new UsageError('-o FILE is missing; see "tallystick receipt --help"');
  const fetched = /^https?:\/\//.test(from) ? await fromUrl(from, what) : await fromDir(from, what);
  if (fetched.kind === "none") {
    process.stderr.write(`tallystick: ${fetched.reason}\n`);
    return 1;
  }
  await writeFile(out, fetched.bytes);
  process.stdout.write(`${out}: ${fetched.bytes.length} bytes\n`);
  return 0;
}

/** "gw-1/17" names a measurement; anything else is an item. An item that looks like one is asked for by its number. */
const placeOf = (what: string): { gateway: string; number: number } | null => {
  const match = /^([a-z0-9][a-z0-9-]{0,31})\/(\d{1,15})$/.exec(what);
  return match === null ? null : { gateway: match[1] ?? "", number: Number(match[2]) };
};

async function fromUrl(url: string, what: string): Promise<Fetched> {
  if (!URL.canParse(url)) throw new UsageError(`--from is "${url}", but must be a URL or a directory`);
  const base = url.replace(/\/$/, "");
  let place = placeOf(what);
  if (place === null) {
    const answer = await ask(`${base}/v1/items/${encodeURIComponent(what)}`);
    if (!answer.ok) return { kind: "none", reason: await detailOf(answer) };
    const { latest } = (await answer.json()) as { latest: { gateway: string; number: number } };
    place = latest;
  }
  const answer = await ask(`${base}/v1/measurements/${place.gateway}/${place.number}/receipt`);
  if (!answer.ok) return { kind: "none", reason: await detailOf(answer) };
  return { kind: "receipt", bytes: new Uint8Array(await answer.arrayBuffer()) };
}

async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new UsageError(`no gateway answers at ${new URL(url).origin}; start it, or name its directory with --from`);
  }
}

async function detailOf(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { detail } = JSON.parse(text) as { detail?: string };
    return detail ?? text;
  } catch {
    return `the gateway answered ${answer.status}`;
  }
}

async function fromDir(dir: string, what: string): Promise<Fetched> {
  const config = await gatewayDirOf(dir);
  const store = openStoreReadOnly(storePathOf(config));
  try {
    const named = placeOf(what);
    let lane = config.site.gateways.findIndex(({ name }) => name === named?.gateway);
    let number = named?.number ?? 0;
    if (named === null) {
      const twin = store.twin(what);
      if (twin === null) return { kind: "none", reason: `no final measurement names the item ${JSON.stringify(what)}` };
      ({ lane, number } = readable(`a twin of ${what}`, () => decodeTwin(twin)).latest);
    }
    if (lane === -1) return { kind: "none", reason: `site ${config.site.site} has no gateway ${named?.gateway}` };
    const answer = store.receipt(lane, number);
    switch (answer.kind) {
      case "parts":
        return { kind: "receipt", bytes: readable(`a bundle of ${what}`, () => buildReceipt(answer.parts)) };
      case "unknown":
        return { kind: "none", reason: `no measurement ${what} is known here` };
      case "pending":
        return { kind: "none", reason: `${what} is ${answer.stage}, but not anchored yet; ask again` };
    }
  } finally {
    store.close();
  }
}

/** What the store gave is its own: that it cannot be read says that the file is damaged. */
function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new GatewayFailure("STATEMENT_DAMAGED", { what, reason: causeOf(error) });
  }
}
