import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { exportPemKey, generateKey, importPemKey, type PrivateKey } from "../../crypto/index.ts";
import { formatVkey, type VerifierKey, verifierKey } from "../../log/index.ts";
import { LedgerFailure } from "./failures.ts";
import { createRecords } from "./records.ts";

const KEY_FILE = "ledger-key.pem";
const KEY_NAME = "tallystick-embedded-ledger";

export type LedgerKey = {
  /** Verifier key of type 04 (cosignature): what a site configuration names. */
  readonly vkey: string;
  readonly verifier: VerifierKey;
  readonly secret: PrivateKey;
};

/**
 * E1: the ledger's key in `dir`, made at the first call and never replaced; its records are made before it (E7). Throws
 * LedgerFailure LEDGER_KEY_UNUSABLE, LEDGER_RECORDS_UNUSABLE.
 */
export function makeLedgerKey(dir: string): LedgerKey {
  const path = join(dir, KEY_FILE);
  try {
    mkdirSync(dir, { recursive: true });
    const secret = readKey(path) ?? firstKey(dir, path);
    const verifier = verifierKey(KEY_NAME, 4, secret.publicKey);
    return { vkey: formatVkey(verifier), verifier, secret };
  } catch (error) {
    if (error instanceof LedgerFailure) throw error;
    throw new LedgerFailure("LEDGER_KEY_UNUSABLE", {
      path,
      cause: error instanceof Error ? error.message : String(error),
    });
  }
}

/** E7: a crash after the records and before the key is completed by the next call, the other way round it could not be. */
function firstKey(dir: string, path: string): PrivateKey {
  if (createRecords(dir)) throw new Error("it is missing, but there are records that were signed with it");
  return writeKey(path);
}

function readKey(path: string): PrivateKey | null {
  try {
    return importPemKey(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all, and never in place of another: of two processes that start at once one fails here. */
function writeKey(path: string): PrivateKey {
  const key = generateKey();
  const part = `${path}.${process.pid}.part`;
  try {
    writeFileSync(part, exportPemKey(key), { mode: 0o600, flush: true });
    linkSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
  const directory = openSync(dirname(path), "r");
  fsyncSync(directory);
  closeSync(directory);
  return key;
}
