import type { Protocol } from "../protocols/index.ts";
import type { Connect } from "./connection.ts";
import { connectHid, type HidSettings } from "./hid.ts";
import { connectHttp, type HttpSettings } from "./http.ts";
import { type ListPorts, listPorts } from "./ports.ts";
import { connectSerial, type SerialSettings, usualLine } from "./serial.ts";
import { connectTcp, type TcpSettings } from "./tcp.ts";
import { connectTcpServer, type TcpServerSettings } from "./tcp-server.ts";

/** Where a byte line goes. */
export type TransportSettings = SerialSettings | HidSettings | TcpSettings | TcpServerSettings | HttpSettings;

/** A line that somebody else made, for devices in the same process. */
export type GivenLine = { readonly kind: "given"; readonly connect: Connect };

/** P8: what a serial line is not told it has from its protocol. */
export function connectTransport(
  settings: TransportSettings | GivenLine,
  { lines }: Pick<Protocol, "lines">,
  ports: ListPorts = listPorts,
): Connect {
  switch (settings.kind) {
    case "serial":
      return connectSerial(settings, lines?.[0] ?? usualLine, ports);
    case "hid":
      return connectHid(settings);
    case "tcp":
      return connectTcp(settings);
    case "tcp-server":
      return connectTcpServer(settings);
    case "http":
      return connectHttp(settings);
    case "given":
      return settings.connect;
  }
}
