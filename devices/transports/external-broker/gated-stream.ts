import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type PacketBound, packetStart, walkPackets } from "../broker/packet-bound.ts";
import { Ended } from "./sentences.ts";
import { type Outgoing, outgoingStart, walkOutgoing } from "./ack-gate.ts";

/** E5: messages of which the acknowledgement waits; the broker is not read beyond it. */
const MOST_WAITING = 1_024;

/**
 * The connection to a broker as the client library sees it. Owns the socket. A PUBACK leaves when the work on its message has
 * resolved (E3); when that rejects, the connection ends, and the broker sends the message again on the next one.
 */
export class GatedStream extends Duplex {
  readonly #socket: Socket;
  readonly #maxBytes: number;
  readonly #work = new Map<number, Promise<void>>();
  #bound: PacketBound = packetStart;
  #outgoing: Outgoing = outgoingStart;
  #isFull = false;
  #corked = false;

  constructor(socket: Socket, maxBytes: number) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  /** To be called while the library handles the message, before it acknowledges. */
  acknowledgeAfter(messageId: number, work: Promise<void>): void {
    this.#work.set(messageId, work);
    // It is looked at when the library acknowledges; until then a rejection is nobody's omission.
    work.catch(() => undefined);
    this.#watchFull();
  }

  override _read(): void {
    if (!this.#isFull) this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { state, pass, acks } = walkOutgoing(this.#outgoing, chunk);
    this.#outgoing = state;
    for (const ack of acks) void this.#acknowledge(ack.messageId, ack.bytes);
    if (pass.length === 0) done();
    else this.#socket.write(Buffer.concat(pass), done);
  }

  /** mqtt-packet corks the stream around one packet. */
  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  async #acknowledge(messageId: number, bytes: Uint8Array): Promise<void> {
    const work = this.#work.get(messageId);
    try {
      await work;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.destroy(new Ended(`was left, and will be asked again for a message that could not be recorded: ${reason}`));
      return;
    }
    // The broker may have sent another message of this number only after the acknowledgement, so the work is this one's.
    this.#work.delete(messageId);
    if (this.destroyed) return;
    this.#gather();
    this.#socket.write(bytes);
    this.#watchFull();
  }

  /** One commit acknowledges many messages: what a turn of the event loop writes leaves in one segment. */
  #gather(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #watchFull(): void {
    const isFull = this.#work.size >= MOST_WAITING;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  #onData(chunk: Uint8Array): void {
    this.#bound = walkPackets(this.#bound, chunk, this.#maxBytes);
    if (this.#bound.kind === "exceeded") {
      this.destroy(new Error(`the broker announced a packet of more than ${this.#maxBytes} bytes`));
      return;
    }
    if (!this.push(chunk) || this.#isFull) this.#socket.pause();
  }
}
