import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GATEWAY_ENVIRONMENT, GATEWAY_FLAGS, warmUp } from "../launch/index.ts";
import { capLog, lastWords, sizeOf } from "./log-files.ts";

const COMMAND = fileURLToPath(new URL("../cli/tallystick.ts", import.meta.url));
/** M6: how long a process has to end by itself. */
const STOP_MS = 4_000;
const RESTART_MS = 3_000;
const LOG_LOOK_MS = 30_000;
/** L1: somebody must change something first, so that starting it again would only fail again. */
const REFUSED = 2;

export type ProcessState = "starting" | "running" | "restarting" | "stopped";

export type ProcessEvent =
  | { readonly kind: "ready"; readonly name: string; readonly again: boolean }
  /** It ended without being asked to. `sentence` is its last words; `down`: it is not started again. */
  | {
      readonly kind: "left";
      readonly name: string;
      readonly how: string;
      readonly sentence: string;
      readonly down: boolean;
    };

export type ProcessesOptions = {
  readonly logDir: string;
  /** M5: start what ended again after 3 s, unless it was refused. */
  readonly restart: boolean;
  readonly onEvent: (event: ProcessEvent) => void;
};

export type Processes = {
  /** Starts `tallystick ARGUMENTS`; resolves when it says that it is ready, rejects with what it said when it ends before. */
  readonly start: (name: string, args: readonly string[]) => Promise<void>;
  readonly list: () => readonly { readonly name: string; readonly pid: number | null; readonly state: ProcessState }[];
  readonly kill: (name: string, signal: NodeJS.Signals) => void;
  /** Starts a process that was killed again, once it has ended; see `start`. */
  readonly again: (name: string) => Promise<void>;
  /** M6: resolves when no process is left, within 5 s. */
  readonly stop: () => Promise<void>;
};

type Entry = {
  readonly name: string;
  readonly args: readonly string[];
  child: ChildProcess | null;
  state: ProcessState;
  starts: number;
  restarting: NodeJS.Timeout | null;
};

/** The processes of a site as children of this one. They end when this process ends, however it ends (M7). */
export function makeProcesses(options: ProcessesOptions): Processes {
  const entries = new Map<string, Entry>();
  let stopping = false;
  let warm: Promise<void> | null = null;
  mkdirSync(options.logDir, { recursive: true });
  const logOf = (name: string): string => join(options.logDir, `${name}.log`);
  const caps = setInterval(() => {
    for (const name of entries.keys()) capLog(logOf(name));
  }, LOG_LOOK_MS).unref();

  function run(entry: Entry): Promise<void> {
    const logPath = logOf(entry.name);
    capLog(logPath);
    const said = sizeOf(logPath);
    const log = openSync(logPath, "a");
    const isGateway = entry.args[0] === "run";
    const flags = ["--disable-warning=ExperimentalWarning", ...(isGateway ? GATEWAY_FLAGS : [])];
    const child = spawn(process.execPath, [...flags, COMMAND, ...entry.args], {
      // M7: the channel breaks when this process dies, and the child takes that as its signal to stop.
      stdio: ["ignore", log, log, "ipc"],
      env: { ...process.env, ...(isGateway ? GATEWAY_ENVIRONMENT : {}) },
    });
    closeSync(log);
    entry.child = child;
    entry.state = "starting";
    entry.starts += 1;
    return new Promise((resolve, reject) => {
      child.once("message", () => {
        entry.state = "running";
        options.onEvent({ kind: "ready", name: entry.name, again: entry.starts > 1 });
        resolve();
      });
      child.once("exit", (code, signal) => {
        const wasRunning = entry.state === "running";
        const sentence = lastWords(logPath, said);
        entry.child = null;
        entry.state = "stopped";
        if (!wasRunning) reject(new ProcessEnded(entry.name, code, sentence));
        if (stopping) return;
        const how = signal === null ? `exit code ${code}` : signal;
        // The first start is told by the promise above, and nothing goes on without it.
        if (!wasRunning && entry.starts === 1) return;
        const down = !options.restart || code === REFUSED;
        options.onEvent({ kind: "left", name: entry.name, how, sentence, down });
        if (!down) restartLater(entry);
      });
    });
  }

  function restartLater(entry: Entry): void {
    entry.state = "restarting";
    entry.restarting = setTimeout(() => {
      entry.restarting = null;
      // When it ends again before it is ready, its exit has scheduled the next try and told why.
      run(entry).catch(() => undefined);
    }, RESTART_MS);
  }

  return {
    start: async (name, args) => {
      const entry: Entry = { name, args, child: null, state: "stopped", starts: 0, restarting: null };
      entries.set(name, entry);
      if (args[0] === "run") await (warm ??= warmUp(COMMAND));
      await run(entry);
    },
    list: () => [...entries.values()].map(({ name, child, state }) => ({ name, pid: child?.pid ?? null, state })),
    kill: (name, signal) => void entries.get(name)?.child?.kill(signal),
    again: async (name) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new Error(`${name} is not a process of this site`);
      // A signal that was sent is not yet an end that was seen.
      if (entry.child !== null && isAlive(entry.child)) await once(entry.child, "exit");
      await run(entry);
    },
    stop: async () => {
      stopping = true;
      clearInterval(caps);
      for (const entry of entries.values()) if (entry.restarting !== null) clearTimeout(entry.restarting);
      const children = [...entries.values()].flatMap(({ child }) => (child === null ? [] : [child]));
      // Those who send first, so that nobody's last message finds a closed door.
      await Promise.all(children.reverse().map(ended));
    },
  };
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function ended(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const impatience = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exit;
  clearTimeout(impatience);
}

/** A process that ended before it was ready. The message is the sentence that it ended with. */
export class ProcessEnded extends Error {
  readonly process: string;
  readonly exitCode: number | null;

  constructor(name: string, exitCode: number | null, sentence: string) {
    super(sentence === "" ? `${name} ended with code ${exitCode} and said nothing` : sentence);
    this.name = "ProcessEnded";
    this.process = name;
    this.exitCode = exitCode;
  }
}
