import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportPemKey, generateKey, importPemKey, type PrivateKey } from "../../crypto/index.ts";
import { formatVkey, type VerifierKey, verifierKey } from "../../log/index.ts";
import { LedgerFailure } from "./failures.ts";

const KEY_FILE = "ledger-key.pem";
const KEY_NAME = "tallystick-embedded-ledger";

export type LedgerKey = {
  /** Verifier key of type 04 (cosignature): what a site configuration names. */
  readonly vkey: string;
  readonly verifier: VerifierKey;
  readonly secret: PrivateKey;
};

/** E1: the ledger's key in `dir`, made at the first call and never replaced. Throws LedgerFailure LEDGER_KEY_UNUSABLE. */
export function makeLedgerKey(dir: string): LedgerKey {
  const path = join(dir, KEY_FILE);
  try {
    mkdirSync(dir, { recursive: true });
    const secret = readKey(path) ?? writeKey(path);
    const verifier = verifierKey(KEY_NAME, 4, secret.publicKey);
    return { vkey: formatVkey(verifier), verifier, secret };
  } catch (error) {
    throw new LedgerFailure("LEDGER_KEY_UNUSABLE", {
      path,
      cause: error instanceof Error ? error.message : String(error),
    });
  }
}

function readKey(path: string): PrivateKey | null {
  try {
    return importPemKey(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** `wx`: of two processes that start at once one fails, rather than both signing with different keys. */
function writeKey(path: string): PrivateKey {
  const key = generateKey();
  writeFileSync(path, exportPemKey(key), { mode: 0o600, flag: "wx", flush: true });
  return key;
}
