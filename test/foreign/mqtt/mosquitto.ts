import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { freePort } from "../../devices/transports/port.ts";

/** What this machine lacks for a Mosquitto of its own; "" = nothing. */
export function mosquittoMissing(): string {
  const found = ["mosquitto", "/usr/sbin/mosquitto"].some((name) => spawnSync(name, ["-h"]).error === undefined);
  return found ? "" : "mosquitto";
}

export type Mosquitto = {
  readonly port: number;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
};

/** Mosquitto with its sessions on disk, password file and, when `tls` is given, TLS; gone when the test is over. */
export async function mosquitto(
  t: { readonly teardown: (fn: () => Promise<void>) => void },
  users: Readonly<Record<string, string>>,
  tls: { readonly cert: string; readonly key: string; readonly clients: string } | null,
): Promise<Mosquitto> {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-mosquitto-"));
  const port = await freePort();
  const path = (name: string): string => join(dir, name);
  await writeFile(
    path("passwords"),
    Object.entries(users)
      .map(([user, password]) => `${user}:${password}\n`)
      .join(""),
    { mode: 0o600 },
  );
  spawnSync("mosquitto_passwd", ["-U", path("passwords")]);
  const lines = [
    `listener ${port} 127.0.0.1`,
    "persistence true",
    `persistence_location ${dir}/`,
    "max_queued_messages 0",
    "max_inflight_messages 200",
    ...(Object.keys(users).length === 0
      ? ["allow_anonymous true"]
      : ["allow_anonymous false", `password_file ${path("passwords")}`]),
    `user ${userInfo().username}`,
  ];
  if (tls !== null) {
    await writeFile(path("cert.pem"), tls.cert);
    await writeFile(path("key.pem"), tls.key);
    await writeFile(path("clients.pem"), tls.clients);
    lines.push(
      `certfile ${path("cert.pem")}`,
      `keyfile ${path("key.pem")}`,
      `cafile ${path("clients.pem")}`,
      "require_certificate true",
    );
  }
  await writeFile(path("mosquitto.conf"), `${lines.join("\n")}\n`);
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const one = spawn("mosquitto", ["-c", path("mosquitto.conf")], {
      stdio: "ignore",
      env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` },
    });
    child = one;
    while (!(await listens(port))) if (one.exitCode !== null) throw new Error(`mosquitto ended with ${one.exitCode}`);
  };
  const stop = async (): Promise<void> => {
    if (child === null || child.exitCode !== null) return;
    const exit = once(child, "exit");
    // It writes its sessions when it is asked to end.
    child.kill("SIGTERM");
    await exit;
  };
  await start();
  t.teardown(async () => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  });
  return { port, start, stop };
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(resolve, 50, false));
  });
