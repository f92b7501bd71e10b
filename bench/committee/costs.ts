/** What things cost a gateway's processor and its disk: measured on this machine, or given. */
import { createCipheriv } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { genesisOf, recoverState, step } from "../../ledger/agreement/index.ts";
import { generateKey, sign, verify } from "../../ledger/crypto/index.ts";
import { vrfProver, vrfVerify } from "../../ledger/crypto/vrf/index.ts";
import { openMessage, sealMessage } from "../../ledger/replica/wire.ts";
import { decodeStatement } from "../../ledger/statement/index.ts";
import { committeeOf } from "../../test/committee/fake.ts";
import { statementOf } from "../../test/lane/gateway.ts";
import { voteBytes } from "../../ledger/message/index.ts";

/** Microseconds of the one core that a gateway's event loop has, and milliseconds of its disk. */
export type Costs = {
  readonly signUs: number;
  readonly verifyUs: number;
  /** The verifiable random function (A12): a reveal in 64 views. */
  readonly proveUs: number;
  readonly verifyRevealUs: number;
  /** Reading a message and acting on it, hashing included: each, and for each KiB of it. */
  readonly messageUs: number;
  readonly messageKibUs: number;
  /** Encrypting a message for one link and handing it to the kernel. */
  readonly sendUs: number;
  readonly sendKibUs: number;
  /** Decoding and re-assessing a peer's statement (L3). */
  readonly statementUs: number;
  readonly fsyncMs: number;
};

/** As measured on the machine of docs/committees.md (two hyperthreads of a Xeon, both busy). */
export const REFERENCE: Costs = {
  signUs: 36,
  verifyUs: 110,
  proveUs: 2_800,
  verifyRevealUs: 2_600,
  messageUs: 7,
  messageKibUs: 2.5,
  sendUs: 16,
  sendKibUs: 0.5,
  statementUs: 35,
  fsyncMs: 1,
};

/**
 * What votes and acks would cost as BLS12-381 signatures: measured on the same machine with blst 0.3 by way of the npm package
 * @chainsafe/blst 2.2.0. A certificate is then one signature, checked once with its signers' keys added up; collectors and owners
 * add up what comes and check the sum. Charged for each signature in it, so that it comes to the same.
 */
const BLS = { signUs: 424, checkUs: 1_270, addUs: 1.6 } as const;

export type Signatures = { readonly signUs: number; readonly verifyUs: number };

export function blsSignatures(quorum: number): Signatures {
  return { signUs: BLS.signUs, verifyUs: BLS.checkUs / quorum + BLS.addUs };
}

/** The assessment's share of a statement: `npm run bench -- predict` says how long the model takes for a row in a batch. */
const PREDICTION_US = 20;
const COMMITTEE = 100;
/** Short batches, so that the scheduler leaves some of them alone however busy the machine is. */
const BATCHES = 150;
const BATCH_US = 1_500;

/** Takes about three seconds. The best of several batches counts: what else runs on the machine is not the gateway's cost. */
export async function measureCosts(): Promise<Costs> {
  const { vote, certificate } = messageCosts();
  return { ...signatureCosts(), messageUs: vote.us, messageKibUs: perKib(vote, certificate), ...(await otherCosts()) };
}

function signatureCosts(): Pick<Costs, "signUs" | "verifyUs" | "proveUs" | "verifyRevealUs"> {
  const key = generateKey();
  const message = new Uint8Array(150);
  const signature = sign(key, message);
  const prove = vrfProver(key);
  const { proof } = prove(message);
  return {
    signUs: bestUs(() => sign(key, message)),
    verifyUs: bestUs(() => verify(key.publicKey, message, signature)),
    proveUs: bestUs(() => prove(message)),
    verifyRevealUs: bestUs(() => vrfVerify(key.publicKey, message, proof)),
  };
}

type Read = { readonly us: number; readonly bytes: number };

/** A vote read and counted, and a certificate read, in a committee of a hundred whose signatures cost nothing here. */
function messageCosts(): { readonly vote: Read; readonly certificate: Read } {
  const committee = { ...committeeOf(COMMITTEE, 0), verify: () => true };
  const nothing = { finalized: null, votes: [], proposals: [], certificates: [], blocks: [], chain: [], epochs: [] };
  const fresh = recoverState(
    committee,
    nothing,
    committee.voters.map(() => null),
  );
  const vote = { kind: "notarize", view: 1, hash: genesisOf(committee).hash } as const;
  const signature = committee.sign(voteBytes(committee, vote));
  const votes = committee.voters
    .slice(1, committee.quorum)
    .map((voter) => sealMessage({ layer: "agreement", message: { kind: "vote", vote: { vote, voter, signature } } }));
  const signatures = committee.voters.slice(0, committee.quorum).map((voter) => ({ voter, signature }));
  const certificate = sealMessage({
    layer: "agreement",
    message: { kind: "certificate", certificate: { vote, signatures } },
  });
  const countAll = () => {
    let state = fresh;
    for (const [from, bytes] of votes.entries()) {
      const opened = openMessage(bytes);
      if (opened.kind === "reject" || opened.opened.layer !== "agreement") throw new Error("a vote that is none");
      ({ state } = step(committee, state, { kind: "message", from: from + 1, message: opened.opened.message }, 0));
    }
  };
  return {
    vote: { us: bestUs(countAll) / votes.length, bytes: votes[0]?.length ?? 0 },
    certificate: { us: bestUs(() => openMessage(certificate)), bytes: certificate.length },
  };
}

async function otherCosts(): Promise<Pick<Costs, "sendUs" | "sendKibUs" | "statementUs" | "fsyncMs">> {
  const small = await sendCost(200);
  const large = await sendCost(16 * 1024);
  const statement = statementOf(0, "an item of usual length");
  return {
    sendUs: small.us,
    sendKibUs: perKib(small, large),
    statementUs: PREDICTION_US + bestUs(() => decodeStatement(statement)),
    fsyncMs: await fsyncMs(),
  };
}

function perKib(small: Read, large: Read): number {
  return Math.max(0, (large.us - small.us) / ((large.bytes - small.bytes) / 1024));
}

/** AES-128-GCM as TLS 1.3 uses it, and the call that writes to a socket. */
async function sendCost(bytes: number): Promise<Read> {
  const server = createServer((socket) => void socket.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const socket: Socket = connect(address.port, "127.0.0.1");
  await once(socket, "connect");
  const payload = new Uint8Array(bytes);
  const record = () => {
    const cipher = createCipheriv("aes-128-gcm", payload.subarray(0, 16), payload.subarray(0, 12));
    socket.write(cipher.update(payload));
    cipher.final();
  };
  let us = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    us = Math.min(us, elapsedUs(20, record));
    await new Promise((resolve) => socket.write("", resolve));
  }
  socket.destroy();
  server.close();
  return { us, bytes };
}

async function fsyncMs(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "tallystick-"));
  const file = await open(join(directory, "fsync"), "w");
  try {
    const times: number[] = [];
    for (let write = 0; write < 30; write += 1) {
      const start = performance.now();
      await file.write(new Uint8Array(4096));
      await file.datasync();
      times.push(performance.now() - start);
    }
    return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
  } finally {
    await file.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function bestUs(run: () => unknown): number {
  const calls = Math.max(1, Math.floor(BATCH_US / elapsedUs(5, run)));
  let us = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < BATCHES; batch += 1) us = Math.min(us, elapsedUs(calls, run));
  return us;
}

function elapsedUs(calls: number, run: () => unknown): number {
  const start = performance.now();
  for (let call = 0; call < calls; call += 1) run();
  return ((performance.now() - start) * 1000) / calls;
}
