import { join } from "node:path";
import { makeLedgerKey } from "../../ledger/anchor/index.ts";
import { parseVkey, type SiteLedger } from "../../ledger/management/index.ts";
import { SITE_FILE } from "../config/index.ts";
import { UsageError } from "./arguments.ts";

/** The shared ledger of a site that `init` makes. `run`: the command that runs it here; null = it runs elsewhere. */
export type InitLedger = { readonly ledger: SiteLedger; readonly url: string; readonly run: string | null };

/** Distance of the embedded ledger's port from the API's: 8380 for 8081. */
const OFFSET = 299;
export const LAST_INIT_PORT = 65_535 - OFFSET;

/** `--ledger NAME=VKEY@URL`. Throws UsageError. */
export function namedLedger(text: string): InitLedger {
  const match = /^([a-z0-9][a-z0-9-]{0,31})=(\S+)@(https?:\/\/\S+)$/.exec(text);
  const [, name = "", key = "", url = ""] = match ?? [];
  if (match === null || !URL.canParse(url)) {
    throw new UsageError(
      `--ledger is "${text}", but must be NAME=VKEY@URL, for example port-ledger=name+0123abcd+BASE64@https://ledger.example`,
    );
  }
  const parsed = parseVkey(key);
  if (parsed.kind === "reject") throw new UsageError(`--ledger cannot be used: ${parsed.reason}`);
  if (parsed.key.type !== 4)
    throw new UsageError("--ledger has a key that cannot cosign; take the ledger's vkey of type 04");
  return { ledger: { name, kind: "embedded", key }, url, run: null };
}

/** An embedded ledger in `dir`/ledger, its key made when missing. Throws LedgerFailure. */
export function localLedger(dir: string, site: string, apiPort: number): InitLedger {
  const place = join(dir, "ledger");
  const port = apiPort + OFFSET;
  return {
    ledger: { name: `${site.slice(0, 25)}-ledger`, kind: "embedded", key: makeLedgerKey(place).vkey },
    url: `http://127.0.0.1:${port}`,
    run: `tallystick ledger --dir ${place} --site ${join(dir, SITE_FILE)} --port ${port}`,
  };
}
