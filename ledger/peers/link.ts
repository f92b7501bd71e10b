import type { TLSSocket } from "node:tls";
import {
  FRAME_HEADER_BYTES,
  type Frame,
  type FrameKind,
  type FrameReader,
  frameHeader,
  frameReader,
  MAX_FRAME_BYTES,
  MAX_HELLO_BYTES,
} from "./frames.ts";
import { show } from "./hello.ts";

/** P5: a ping leaves every tick; this many ticks in a row without a byte from the peer mean that it is gone. */
const SILENT_TICKS = 3;

export type LinkOptions = {
  readonly hello: Uint8Array;
  /** P6 */
  readonly maxQueueBytes: number;
  readonly tickMs: number;
  /** P4: answers null when the hello is acceptable, or why not. */
  readonly judgeHello: (payload: Uint8Array) => string | null;
  /** P8: why this peer is not to be heard now; null = it is welcome. */
  readonly unwelcome: () => string | null;
};

export type LinkEvents = {
  readonly up: () => void;
  readonly message: (bytes: Uint8Array) => void;
  /** P8: bytes that no honest gateway sends, whatever the network did to them: TLS would have noticed. */
  readonly misbehaved: (reason: string) => void;
  /** Once, at the end. `up` may never have come. */
  readonly closed: (reason: string) => void;
};

export type Link = {
  /** False when the queue is full and the message was dropped (P6). */
  readonly send: (bytes: Uint8Array) => boolean;
  readonly queuedBytes: () => number;
  /** `events.closed` follows, at once. */
  readonly close: (reason: string) => void;
  /** P8: closes after telling the peer why. */
  readonly dismiss: (reason: string) => void;
};

/** Runs one link over a socket whose peer has already proven its TLS key. */
export function openLink(socket: TLSSocket, options: LinkOptions, events: LinkEvents): Link {
  const reader: FrameReader = frameReader(MAX_HELLO_BYTES);
  let greeted = false;
  let ended = false;
  let silentTicks = 0;
  let corked = false;

  const close = (reason: string): void => {
    if (ended) return;
    ended = true;
    clearInterval(ticker);
    // `destroySoon` lets a hello that is still in the socket leave, so that the other side can say what is wrong too.
    socket.destroySoon();
    setTimeout(() => socket.destroy(), options.tickMs).unref();
    events.closed(reason);
  };

  const write = (kind: FrameKind, payload: Uint8Array): void => {
    if (!corked) {
      // All frames of one turn of the event loop leave in one TLS record or few, not one each.
      corked = true;
      socket.cork();
      setImmediate(() => {
        corked = false;
        socket.uncork();
      });
    }
    socket.write(frameHeader(kind, payload.length));
    if (payload.length > 0) socket.write(payload);
  };

  const dismiss = (reason: string): void => {
    if (ended) return;
    write("bye", new TextEncoder().encode(show(reason)));
    close(reason);
  };

  const fault = (reason: string): void => {
    events.misbehaved(reason);
    close(reason);
  };

  const onFrame = (frame: Frame): void => {
    switch (frame.kind) {
      case "ping":
        return;
      case "message":
        if (!greeted) return fault("the peer sent a message before its hello");
        return events.message(frame.payload);
      case "bye":
        return close(`closed by the peer: ${show(new TextDecoder().decode(frame.payload))}`);
      case "hello":
        return onHello(frame);
    }
  };

  const onHello = (frame: Frame): void => {
    if (greeted) return fault("the peer said hello twice");
    const reason = options.judgeHello(frame.payload);
    if (reason !== null) return close(reason);
    greeted = true;
    reader.limit(MAX_FRAME_BYTES);
    events.up();
  };

  const onData = (chunk: Uint8Array): void => {
    silentTicks = 0;
    for (let at = 0; at < chunk.length; ) {
      // Until the hello is judged only a hello is read, so that the limit for what follows is already raised.
      const end = greeted ? chunk.length : at + FRAME_HEADER_BYTES;
      const pushed = reader.push(chunk.subarray(at, end));
      if (pushed.kind === "refused") return fault(pushed.reason);
      for (const frame of pushed.frames) {
        if (ended) return;
        onFrame(frame);
      }
      if (ended) return;
      at = end;
    }
  };

  // Counted in ticks and not by the clock: when this process itself was stopped or busy for seconds, only one tick has
  // passed, and what the peer sent meanwhile is read before the next.
  const ticker = setInterval(() => {
    silentTicks += 1;
    if (silentTicks > SILENT_TICKS) return close(`silent for ${(SILENT_TICKS * options.tickMs) / 1000} s`);
    write("ping", new Uint8Array(0));
  }, options.tickMs);

  socket.on("data", onData);
  socket.on("error", (error) => close(show(error.message)));
  socket.on("end", () => close("closed by the peer"));
  socket.on("close", () => close("closed by the peer"));
  socket.setNoDelay(true);
  const unwelcome = options.unwelcome();
  if (unwelcome === null) write("hello", options.hello);
  else queueMicrotask(() => dismiss(unwelcome));

  return {
    send: (bytes) => {
      if (ended || !greeted) return false;
      if (socket.writableLength + bytes.length + FRAME_HEADER_BYTES > options.maxQueueBytes) return false;
      write("message", bytes);
      return true;
    },
    queuedBytes: () => socket.writableLength,
    close,
    dismiss,
  };
}
