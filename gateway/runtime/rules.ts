import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeFrame } from "../../devices/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import {
  AssessFailure,
  loadPredictor,
  modelSha256,
  patient,
  type Predictor,
  type Recheck,
  recheck,
  shippedModelPath,
} from "../assess/index.ts";
import { faultOfProtocols } from "../config/index.ts";

/** N10: by what each configuration of the site has its statements judged. */
export type Rules = {
  /** Waits for as long as the model of the configuration is not on this machine. */
  readonly of: (site: Site) => Promise<{ readonly predictor: Predictor; readonly check: Recheck }>;
  /** Why statements could not be judged by this configuration here, as a sentence; null = they can, and at once: its model is loaded. */
  readonly fault: (site: Site) => Promise<string | null>;
  /** Where the model with this hash is; null = it is not here. */
  readonly modelPath: (sha256: string) => Promise<string | null>;
  readonly close: () => Promise<void>;
};

/** Beside the model that comes with this version, those in this folder of the gateway. */
const MODELS = "models";
const LOOK_AGAIN_MS = 2_000;

export function makeRules(dir: string, missing: (sentence: string) => void): Rules {
  const predictors = new Map<string, Promise<Predictor>>();
  const checks = new Map<string, Promise<{ readonly predictor: Predictor; readonly check: Recheck }>>();
  const closing = new AbortController();

  async function modelPath(sha256: string): Promise<string | null> {
    const folder = join(dir, MODELS);
    const names = await readdir(folder).catch(() => []);
    const paths = names.filter((name) => name.endsWith(".onnx")).map((name) => join(folder, name));
    for (const path of [shippedModelPath, ...paths]) if ((await modelSha256(path)) === sha256) return path;
    return null;
  }

  async function predictorOf(sha256: string): Promise<Predictor> {
    for (let told = false; ; told = true) {
      const path = await modelPath(sha256);
      if (path !== null) return loadPredictor({ modelPath: path, expectedSha256: sha256 });
      if (!told)
        missing(
          `the site has agreed on the model ${sha256}, which is not on this machine, and no statement can be checked; copy it into ${join(dir, MODELS)}`,
        );
      await pause();
    }
  }

  const pause = (): Promise<void> =>
    sleep(LOOK_AGAIN_MS, undefined, { signal: closing.signal }).catch(() => {
      throw new AssessFailure("PREDICTOR_CLOSED", {});
    });

  /** C7: frames that this version cannot read wait for another version, which begins with another process. */
  const unreadable: Recheck = async () => {
    for (;;) await pause();
  };

  async function rulesOf(site: Site): Promise<{ readonly predictor: Predictor; readonly check: Recheck }> {
    const predictor = await remembered(predictors, site.model.sha256, () => predictorOf(site.model.sha256));
    const unread = faultOfProtocols(site);
    if (unread !== null) missing(`the site has agreed on a configuration that ${unread}`);
    return { predictor, check: unread === null ? patient(recheck({ site, predictor, decodeFrame })) : unreadable };
  }

  async function fault(site: Site): Promise<string | null> {
    const unread = faultOfProtocols(site);
    if (unread !== null) return `it ${unread}.`;
    const { sha256 } = site.model;
    if ((await modelPath(sha256)) === null)
      return `its model ${sha256} is not on this machine: copy it into the folder ${MODELS} of this gateway first.`;
    try {
      await remembered(predictors, sha256, () => predictorOf(sha256));
      return null;
    } catch (error) {
      if (!(error instanceof AssessFailure)) throw error;
      // What kept it from being read may be mended.
      predictors.delete(sha256);
      return `${error.message}.`;
    }
  }

  return {
    fault,
    of: (site) => remembered(checks, site.configHash, () => rulesOf(site)),
    modelPath,
    close: async () => {
      closing.abort();
      for (const predictor of predictors.values()) await predictor.then((one) => one.close()).catch(() => undefined);
    },
  };
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key) ?? make();
  known.set(key, found);
  return found;
}
