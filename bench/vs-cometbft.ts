import { benchArguments } from "./arguments.ts";
import { installCometbft } from "./cometbft/install.ts";
import { type Figures, loadTestnet } from "./cometbft/load.ts";
import { startTestnet, type Tuning, TUNINGS } from "./cometbft/testnet.ts";
import { run as finality } from "./finality.ts";

/** Of a measurement as a sensor sends it, and of a transaction. */
const PAYLOAD_BYTES = 300;
const WARM_UP_MS = 30_000;

type Measured = Figures & { readonly rssMb: readonly number[] };

/**
 * `npm run bench -- vs-cometbft [--rate R] [--seconds S] [--gateways N]`: the same offered load and payload here and on CometBFT 0.38 with its
 * built-in key-value application, both as N (4) processes on this machine, one after the other. `ours`, `theirs`: at R (1,000) a second;
 * `highest`: measurements per second as fast as each takes them. Theirs in three configurations (see `TUNINGS`): `theirs` is the one without
 * the pause after each block, and `ratios` are ours to that one's latency and to the highest throughput of all three; the others stand in `configurations`. What is timed
 * is not the same work: theirs checks no signature and keeps its state in memory; ours weighs, predicts, signs, re-checks on every gateway and fsyncs. Ours
 * is from accepted (PUBACK, after the fsync) to final; theirs from handing over to the block.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { rate, seconds, gateways } = benchArguments(args, { rate: 1_000, seconds: 20, gateways: 4 });
  const binary = await installCometbft();
  const theirs = async (tuning: Tuning, offered: number | null): Promise<Measured> => {
    const testnet = await startTestnet(binary, gateways, tuning);
    try {
      const options = { rate: offered, payloadBytes: PAYLOAD_BYTES, warmUpMs: WARM_UP_MS, seconds };
      return { ...(await loadTestnet(testnet, options)), rssMb: await testnet.rssMb() };
    } finally {
      await testnet.stop();
    }
  };
  const ours = async (offered: number | null): Promise<Measured> => {
    const load = offered === null ? ["--max"] : ["--rate", String(offered)];
    const figures = await finality([...load, "--seconds", String(seconds), "--gateways", String(gateways)]);
    return figures as unknown as Measured;
  };
  const configurations: Partial<Record<Tuning, { readonly offered: Measured; readonly highest: Measured }>> = {};
  for (const tuning of TUNINGS) {
    configurations[tuning] = { offered: await theirs(tuning, rate), highest: await theirs(tuning, null) };
  }
  const [here, hereMost] = [await ours(rate), await ours(null)];
  const quick = configurations.quick?.offered ?? null;
  const most = Math.max(...Object.values(configurations).map(({ highest }) => highest.measurementsPerSecond));
  return {
    payloadBytes: PAYLOAD_BYTES,
    ours: here,
    theirs: quick,
    highest: { ours: hereMost.measurementsPerSecond, theirs: most },
    ratios: {
      highestPerSecond: ratio(hereMost.measurementsPerSecond, most),
      p50: ratio(here.p50Ms, quick?.p50Ms ?? null),
      p99: ratio(here.p99Ms, quick?.p99Ms ?? null),
      p50ToTuned: ratio(here.p50Ms, configurations.tuned?.offered.p50Ms ?? null),
    },
    configurations,
  };
}

/** Ours as a multiple of theirs. */
const ratio = (ours: number | null, theirs: number | null): number | null =>
  ours === null || theirs === null ? null : Number((ours / theirs).toPrecision(3));
