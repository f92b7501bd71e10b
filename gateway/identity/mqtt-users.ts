import { randomBytes } from "node:crypto";
import { z } from "zod";
import { causeOf, GatewayFailure } from "../config/index.ts";
import { readSecret, writeSecretOnce } from "./secret-file.ts";

/** K5: user name = device id, password of its own. */
export type MqttUsers = Readonly<Record<string, string>>;

const shape = z.record(z.string(), z.string().min(8));

/** Creates the file with a random password for each device unless it exists. */
export async function createMqttUsers(path: string, devices: readonly string[]): Promise<void> {
  const users = Object.fromEntries(devices.map((device) => [device, randomBytes(18).toString("base64url")]));
  await writeSecretOnce(path, () => `${JSON.stringify(users, null, 2)}\n`);
}

/** Throws SECRET_MISSING, SECRET_EXPOSED, SECRET_UNREADABLE. */
export async function loadMqttUsers(path: string): Promise<MqttUsers> {
  const text = await readSecret(path);
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw new GatewayFailure("SECRET_UNREADABLE", {
      path,
      cause: `not a JSON object of user: password: ${causeOf(error)}`,
    });
  }
}
