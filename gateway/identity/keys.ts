import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { exportPemKey, generateKey, importPemKey, type PrivateKey } from "../../ledger/crypto/index.ts";
import { formatVkey, type Site, verifierKey } from "../../ledger/management/index.ts";
import { makeTlsIdentity, tlsPinOf } from "../../ledger/peers/index.ts";
import { causeOf, GatewayFailure, SITE_FILE } from "../config/index.ts";
import { exists, readSecret, writeSecretOnce } from "./secret-file.ts";

/** The secrets of one gateway. Each key has one use (K1). */
export type GatewayKeys = {
  /** Signs bundles and votes. */
  readonly identity: PrivateKey;
  /** Cosigns checkpoints, nothing else. */
  readonly checkpoint: PrivateKey;
  readonly tls: { readonly key: string; readonly cert: string };
  /** Where this set is: K6 marks it there. */
  readonly folder: string;
  /** What POST and every other change of state must carry as `Authorization: Bearer ...`. */
  readonly token: string;
};

/** The public half, as SITE.json states it. */
export type GatewayIdentity = Site["gateways"][number];

const FILES = {
  identity: "identity.pem",
  checkpoint: "checkpoint.pem",
  tlsKey: "tls-key.pem",
  tlsCert: "tls-cert.pem",
  token: "token",
} as const;

/** K6. */
const IN_USE = "in-use";

/**
 * K2: creates what is missing in `dir`/keys; never replaces a file. Where a SITE.json names the keys, or a store was signed
 * with them, a missing one is a loss that only its backup mends: then only the token is filled in.
 */
export async function createKeys(dir: string, gateway: string): Promise<void> {
  const keys = join(dir, "keys");
  await mkdir(keys, { recursive: true, mode: 0o700 });
  if (!(await exists(join(dir, SITE_FILE))) && !(await keysInUse(dir))) {
    await createSet(keys, gateway);
  }
  await writeSecretOnce(join(keys, FILES.token), () => `${randomBytes(24).toString("base64url")}\n`);
}

/**
 * K7: a further set of keys in `dir`/keys/1, /2, ..., for the site to agree on instead of the one in use. A set that was begun is
 * completed. The public half is the gateway's entry in the configuration to come.
 */
export async function createNextKeys(dir: string, site: string, gateway: string): Promise<GatewayIdentity> {
  const folder = join(dir, "keys", String((await furtherSets(dir)).length + 1));
  const part = `${folder}.part`;
  await mkdir(part, { recursive: true, mode: 0o700 });
  await createSet(part, gateway);
  await rename(part, folder);
  return identityOf({ ...(await loadSet(folder)), token: "" }, site, gateway);
}

async function createSet(folder: string, gateway: string): Promise<void> {
  await writeSecretOnce(join(folder, FILES.identity), () => exportPemKey(generateKey()));
  await writeSecretOnce(join(folder, FILES.checkpoint), () => exportPemKey(generateKey()));
  await createTls(folder, gateway);
}

/** K7: their folders, oldest first. */
async function furtherSets(dir: string): Promise<readonly string[]> {
  const names = await readdir(join(dir, "keys")).catch(() => []);
  const numbers = names.filter((name) => /^[1-9]\d{0,5}$/.test(name)).map(Number);
  return numbers.sort((a, b) => a - b).map((number) => join(dir, "keys", String(number)));
}

/** K7: all sets of a gateway, the oldest first. Throws what `loadKeys` throws. */
export async function loadKeySets(dir: string): Promise<readonly GatewayKeys[]> {
  const first = await loadKeys(dir);
  const sets = [first];
  for (const folder of await furtherSets(dir)) sets.push({ ...(await loadSet(folder)), token: first.token });
  return sets;
}

/** K4, K7: the set that a configuration knows the gateway by; null = none of them. */
export function keySetOf(sets: readonly GatewayKeys[], site: Site, gateway: string): GatewayKeys | null {
  const known = site.gateways.find(({ name }) => name === gateway);
  const isKnown = (keys: GatewayKeys): boolean => {
    const ours = identityOf(keys, site.site, gateway);
    return known?.key === ours.key && known.checkpointKey === ours.checkpointKey && known.tlsPin === ours.tlsPin;
  };
  return sets.find(isKnown) ?? null;
}

/** One without the other is of no use: the creation was interrupted between the two. */
async function createTls(keys: string, gateway: string): Promise<void> {
  const paths = [join(keys, FILES.tlsKey), join(keys, FILES.tlsCert)] as const;
  const [key, cert] = paths;
  if ((await exists(key)) && (await exists(cert))) return;
  for (const path of paths) await rm(path, { force: true });
  const tls = await makeTlsIdentity(gateway);
  await writeSecretOnce(cert, () => tls.cert);
  await writeSecretOnce(key, () => tls.key);
}

/** K6: whether these keys may have signed, so that the store that remembers what must be there. */
export function keysInUse(dir: string, keys?: GatewayKeys): Promise<boolean> {
  return exists(join(keys?.folder ?? join(dir, "keys"), IN_USE));
}

/** K6: to be called when the store is on disk and before anything is signed; on disk when it resolves. */
export async function markKeysInUse(dir: string, keys?: GatewayKeys): Promise<void> {
  await writeSecretOnce(
    join(keys?.folder ?? join(dir, "keys"), IN_USE),
    () => "These keys have signed: they must never be used again without the store that was written with them.\n",
  );
}

/** K3: reads the secrets of `dir`/keys. Throws SECRET_MISSING, SECRET_EXPOSED, SECRET_UNREADABLE. */
export async function loadKeys(dir: string): Promise<GatewayKeys> {
  const keys = join(dir, "keys");
  return { ...(await loadSet(keys)), token: (await readSecret(join(keys, FILES.token))).trim() };
}

async function loadSet(folder: string): Promise<Omit<GatewayKeys, "token">> {
  return {
    folder,
    identity: await readKey(join(folder, FILES.identity)),
    checkpoint: await readKey(join(folder, FILES.checkpoint)),
    tls: { key: await readSecret(join(folder, FILES.tlsKey)), cert: await readSecret(join(folder, FILES.tlsCert)) },
  };
}

/** K4: these secrets must be those that the site knows the gateway by. Throws KEY_FOREIGN. */
export function checkKeys(keys: GatewayKeys, site: Site, gateway: string, dir: string): void {
  const known = site.gateways.find(({ name }) => name === gateway);
  const ours = identityOf(keys, site.site, gateway);
  const foreign = (file: string): never => {
    throw new GatewayFailure("KEY_FOREIGN", { path: join(dir, "keys", file), gateway });
  };
  if (known?.key !== ours.key) foreign(FILES.identity);
  if (known?.checkpointKey !== ours.checkpointKey) foreign(FILES.checkpoint);
  if (known?.tlsPin !== ours.tlsPin) foreign(FILES.tlsCert);
}

export function identityOf(keys: GatewayKeys, site: string, gateway: string): GatewayIdentity {
  const name = `${site}/${gateway}`;
  return {
    name: gateway,
    key: formatVkey(verifierKey(name, 1, keys.identity.publicKey)),
    checkpointKey: formatVkey(verifierKey(name, 4, keys.checkpoint.publicKey)),
    tlsPin: tlsPinOf(keys.tls.cert),
  };
}

async function readKey(path: string): Promise<PrivateKey> {
  const pem = await readSecret(path);
  try {
    return importPemKey(pem);
  } catch (error) {
    throw new GatewayFailure("SECRET_UNREADABLE", { path, cause: causeOf(error) });
  }
}
