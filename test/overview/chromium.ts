/** Drives a headless Chromium of this machine over its debugging port, with nothing but Node. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export type Look = { readonly width: number; readonly height: number; readonly dark: boolean; readonly still: boolean };

export type Page = {
  /** Value of an expression in the page; a promise is awaited. */
  readonly evaluate: (expression: string) => Promise<unknown>;
  /** Waits until the expression is true; fails after ten seconds. */
  readonly until: (expression: string) => Promise<void>;
  readonly screenshot: () => Promise<Uint8Array>;
  readonly press: (key: string) => Promise<void>;
  /** Errors and warnings that the page wrote or the browser raised, policy violations among them. */
  readonly complaints: () => readonly string[];
  readonly close: () => Promise<void>;
};

/** The browser's path, or null on a machine without one. */
export function chromiumPath(): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path)) ?? null;
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--hide-scrollbars",
  "--remote-debugging-port=0",
];

export async function openPage(browserPath: string, url: string, look: Look): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), "tallystick-chromium-"));
  const browser = spawn(browserPath, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: "ignore",
    detached: true,
  });
  const close = async (): Promise<void> => {
    endGroup(browser);
    // The browser may still write for a moment after its end was asked for.
    await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  try {
    const session = await attach(await debuggingPort(profile));
    return { ...(await prepare(session, url, look)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function prepare(session: Session, url: string, look: Look): Promise<Omit<Page, "close">> {
  const complaints: string[] = [];
  session.on("Runtime.exceptionThrown", (event) => complaints.push(JSON.stringify(event)));
  session.on("Log.entryAdded", (event) => complaints.push(JSON.stringify(event)));
  session.on("Runtime.consoleAPICalled", (event) => complaints.push(JSON.stringify(event)));
  for (const domain of ["Page", "Runtime", "Log"]) await session.call(`${domain}.enable`);
  const { width, height, dark, still } = look;
  await session.call("Emulation.setDeviceMetricsOverride", {
    width,
    height,
    deviceScaleFactor: 1,
    mobile: width < 600,
  });
  await session.call("Emulation.setEmulatedMedia", {
    features: [
      { name: "prefers-color-scheme", value: dark ? "dark" : "light" },
      { name: "prefers-reduced-motion", value: still ? "reduce" : "no-preference" },
    ],
  });
  await session.call("Page.navigate", { url });

  const evaluate = async (expression: string): Promise<unknown> => {
    const answer = await session.call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (answer["exceptionDetails"] !== undefined) throw new Error(JSON.stringify(answer["exceptionDetails"]));
    return (answer["result"] as { value?: unknown }).value;
  };
  const until = async (expression: string): Promise<void> => {
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await evaluate(expression)) === true) return;
      await pause(100);
    }
    throw new Error(`the page never came to: ${expression}`);
  };
  return {
    evaluate,
    until,
    screenshot: async () => {
      const { data } = await session.call("Page.captureScreenshot", { format: "png" });
      return Buffer.from(String(data), "base64");
    },
    press: async (key) => {
      const windowsVirtualKeyCode = KEYS[key];
      // A key without a text does not press a button.
      const text = key === "Enter" ? "\r" : "";
      await session.call("Input.dispatchKeyEvent", { type: "keyDown", key, code: key, text, windowsVirtualKeyCode });
      await session.call("Input.dispatchKeyEvent", { type: "keyUp", key, code: key, windowsVirtualKeyCode });
    },
    complaints: () => complaints,
  };
}

const KEYS: Readonly<Record<string, number>> = { Tab: 9, Enter: 13, Escape: 27 };

type Json = Readonly<Record<string, unknown>>;
type Session = {
  readonly call: (method: string, params?: Json) => Promise<Json>;
  readonly on: (event: string, run: (params: Json) => void) => void;
};

/** One socket to one tab: questions by number, events by name. */
async function attach(port: number): Promise<Session> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as readonly Json[];
  const tab = targets.find((target) => target["type"] === "page");
  const socket = new WebSocket(String(tab?.["webSocketDebuggerUrl"]));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error("the browser refused its debugging socket")), {
      once: true,
    });
  });
  const waiting = new Map<number, { resolve: (answer: Json) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, (params: Json) => void>();
  let sent = 0;
  socket.addEventListener("message", (event) => {
    const message = JSON.parse(String(event.data)) as Json;
    const id = message["id"];
    if (typeof id !== "number") return listeners.get(String(message["method"]))?.(message["params"] as Json);
    const question = waiting.get(id);
    waiting.delete(id);
    if (message["error"] === undefined) question?.resolve(message["result"] as Json);
    else question?.reject(new Error(JSON.stringify(message["error"])));
  });
  socket.addEventListener("close", () => {
    for (const question of waiting.values()) question.reject(new Error("the browser went away"));
  });
  return {
    call: async (method, params = {}) =>
      new Promise((resolve, reject) => {
        sent += 1;
        waiting.set(sent, { resolve, reject });
        socket.send(JSON.stringify({ id: sent, method, params }));
      }),
    on: (event, run) => void listeners.set(event, run),
  };
}

/** Chromium writes the port that it chose into its profile. */
async function debuggingPort(profile: string): Promise<number> {
  for (let tries = 0; tries < 200; tries += 1) {
    const path = join(profile, "DevToolsActivePort");
    if (existsSync(path)) {
      const port = Number((await readFile(path, "utf8")).split("\n")[0]);
      if (port > 0) return port;
    }
    await pause(100);
  }
  throw new Error("the browser opened no debugging port within 20 s");
}

/** The browser starts processes of its own: end its whole group. */
function endGroup(browser: ChildProcess): void {
  if (browser.pid === undefined || browser.exitCode !== null) return;
  execFileSync("kill", ["-KILL", "--", `-${browser.pid}`]);
}
