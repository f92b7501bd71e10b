import { randomBytes } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPemKey, generateKey, importPemKey, type PrivateKey } from "../../ledger/crypto/index.ts";
import { formatVkey, type Site, verifierKey } from "../../ledger/management/index.ts";
import { makeTlsIdentity, tlsPinOf } from "../../ledger/peers/index.ts";
import { causeOf, GatewayFailure } from "../config/index.ts";

/** The secrets of one gateway. Each key has one use (K1). */
export type GatewayKeys = {
  /** Signs bundles and votes. */
  readonly identity: PrivateKey;
  /** Cosigns checkpoints, nothing else. */
  readonly checkpoint: PrivateKey;
  readonly tls: { readonly key: string; readonly cert: string };
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

/** K2: creates what is missing in `dir`/keys; never replaces a file. */
export async function createKeys(dir: string, gateway: string): Promise<void> {
  const keys = join(dir, "keys");
  await mkdir(keys, { recursive: true, mode: 0o700 });
  await writeSecretOnce(join(keys, FILES.identity), () => exportPemKey(generateKey()));
  await writeSecretOnce(join(keys, FILES.checkpoint), () => exportPemKey(generateKey()));
  if (!(await exists(join(keys, FILES.tlsKey)))) {
    const tls = await makeTlsIdentity(gateway);
    await writeSecretOnce(join(keys, FILES.tlsCert), () => tls.cert);
    await writeSecretOnce(join(keys, FILES.tlsKey), () => tls.key);
  }
  await writeSecretOnce(join(keys, FILES.token), () => `${randomBytes(24).toString("base64url")}\n`);
}

/** K3: reads the secrets of `dir`/keys. Throws SECRET_MISSING, SECRET_EXPOSED, SECRET_UNREADABLE. */
export async function loadKeys(dir: string): Promise<GatewayKeys> {
  const keys = join(dir, "keys");
  return {
    identity: await readKey(join(keys, FILES.identity)),
    checkpoint: await readKey(join(keys, FILES.checkpoint)),
    tls: { key: await readSecret(join(keys, FILES.tlsKey)), cert: await readSecret(join(keys, FILES.tlsCert)) },
    token: (await readSecret(join(keys, FILES.token))).trim(),
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

/** K3: the text of a secret that nobody else may read. */
export async function readSecret(path: string): Promise<string> {
  let mode: number;
  let text: string;
  try {
    ({ mode } = await stat(path));
    text = await readFile(path, "utf8");
  } catch (error) {
    const cause = causeOf(error);
    if (cause === "ENOENT") throw new GatewayFailure("SECRET_MISSING", { path });
    throw new GatewayFailure("SECRET_UNREADABLE", { path, cause });
  }
  if ((mode & 0o077) !== 0) throw new GatewayFailure("SECRET_EXPOSED", { path, mode: (mode & 0o777).toString(8) });
  return text;
}

/** K2: "wx" makes the creation exclusive, so that two starts at once cannot replace each other's key. */
export async function writeSecretOnce(path: string, text: () => string): Promise<void> {
  if (await exists(path)) return;
  await writeFile(path, text(), { flag: "wx", mode: 0o600, flush: true });
}

async function readKey(path: string): Promise<PrivateKey> {
  const pem = await readSecret(path);
  try {
    return importPemKey(pem);
  } catch (error) {
    throw new GatewayFailure("SECRET_UNREADABLE", { path, cause: causeOf(error) });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (causeOf(error) === "ENOENT") return false;
    throw new GatewayFailure("SECRET_UNREADABLE", { path, cause: causeOf(error) });
  }
}
