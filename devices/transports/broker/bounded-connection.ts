import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { type PacketBound, packetStart, walkPackets } from "./packet-bound.ts";

/** A socket that ends itself when a packet announces more than `maxBytes` (B5): aedes itself has no such bound. */
export class BoundedConnection extends Duplex {
  readonly #socket: Socket;
  readonly #maxBytes: number;
  #bound: PacketBound = packetStart;
  #corked = false;

  constructor(socket: Socket, maxBytes: number) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    socket.pause();
    socket.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#gather();
    this.#socket.write(chunk, done);
  }

  /** mqtt-packet corks the stream around one packet. */
  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#gather();
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // The last word, a refusal perhaps, must not wait for the end of the turn.
    if (this.#corked) this.#socket.uncork();
    this.#socket.destroy();
    done(error);
  }

  /** One commit acknowledges many messages: what a turn of the event loop writes leaves in one segment. */
  #gather(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      if (!this.destroyed) this.#socket.uncork();
    });
  }

  #onData(chunk: Uint8Array): void {
    this.#bound = walkPackets(this.#bound, chunk, this.#maxBytes);
    if (this.#bound.kind === "exceeded") {
      this.destroy(new Error(`a packet of more than ${this.#maxBytes} bytes was announced`));
      return;
    }
    if (!this.push(chunk)) this.#socket.pause();
  }
}
