import { createHash, timingSafeEqual } from "node:crypto";

export type BrokerDevice = {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  /** What its messages are, e.g. `senml-json`. */
  readonly protocol: string;
};

const digest = (text: string | Uint8Array): Buffer => createHash("sha256").update(text).digest();

/** Who may log in as what. Compares digests in constant time, also for a user that does not exist (B1). */
export function credentialsOf(devices: readonly BrokerDevice[]): {
  readonly deviceOf: (username: string | undefined, password: Uint8Array | undefined) => BrokerDevice | null;
} {
  const known = new Map(devices.map((device) => [device.username, { device, digest: digest(device.password) }]));
  const nobody = digest("");
  return {
    deviceOf: (username, password) => {
      const entry = known.get(username ?? "");
      const equal = timingSafeEqual(digest(password ?? new Uint8Array(0)), entry?.digest ?? nobody);
      return equal && entry !== undefined ? entry.device : null;
    },
  };
}
