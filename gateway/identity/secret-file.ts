import { link, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { causeOf, GatewayFailure } from "../config/index.ts";

/** K3: the text of a secret that nobody else may read. Throws SECRET_MISSING, SECRET_EXPOSED, SECRET_UNREADABLE. */
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

/**
 * K2: whole or not at all, also when the machine stops in the middle, and never in place of another: a link to an existing
 * name fails, so that two starts at once cannot replace each other's key. On disk, with its name, when it resolves.
 */
export async function writeSecretOnce(path: string, text: () => string): Promise<void> {
  if (await exists(path)) return;
  const part = `${path}.${process.pid}.part`;
  try {
    await writeFile(part, text(), { mode: 0o600, flush: true });
    await link(part, path);
  } finally {
    await rm(part, { force: true });
  }
  await syncDirectory(dirname(path));
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (causeOf(error) === "ENOENT") return false;
    throw new GatewayFailure("SECRET_UNREADABLE", { path, cause: causeOf(error) });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
