import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import test from "ava";
import { openDevice } from "../../../devices/index.ts";
import { connectHttp } from "../../../devices/transports/http.ts";
import { eventually } from "./port.ts";

type Heard = { readonly opened: string[]; readonly received: string[]; readonly closed: string[] };

/** A web server, and one connection to it. */
async function ask(listener: RequestListener, path = "/page", user = "") {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const heard: Heard = { opened: [], received: [], closed: [] };
  const connection = connectHttp({ kind: "http", url: `http://${user}127.0.0.1:${port}${path}` })({
    opened: (place) => heard.opened.push(place),
    received: (chunk) => heard.received.push(Buffer.from(chunk).toString()),
    closed: (reason) => heard.closed.push(reason),
  });
  return {
    ...heard,
    connection,
    where: `http://127.0.0.1:${port}${path}`,
    end: async () => {
      await connection.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const nothing = new Uint8Array(0);

test("W1: it is open with the first whole answer, and asks again over the same connection when something is written", async (t) => {
  const ports = new Set<number | undefined>();
  let count = 0;
  const asked = await ask((request, response) => {
    ports.add(request.socket.remotePort);
    count += 1;
    response.write("answer ");
    setTimeout(() => response.end(count.toString()), 20);
  });
  await eventually(() => asked.received.length === 1, "an answer");
  t.deepEqual([asked.opened, asked.received], [[asked.where], ["answer 1"]]);
  asked.connection.write(nothing);
  asked.connection.write(nothing);
  await eventually(() => asked.received.length === 2, "another answer");
  t.deepEqual([asked.received[1], count, ports.size, asked.opened.length], ["answer 2", 2, 1, 1]);
  await asked.end();
  t.deepEqual(asked.closed, []);
});

test("W1: a device that hangs up after each answer is asked on a new connection", async (t) => {
  const asked = await ask((_request, response) => {
    response.setHeader("connection", "close");
    response.end("x");
  });
  await eventually(() => asked.received.length === 1, "an answer");
  asked.connection.write(nothing);
  await eventually(() => asked.received.length === 2, "another answer");
  t.deepEqual(asked.closed, []);
  await asked.end();
});

test("W3: a redirect is refused, and nobody else is asked", async (t) => {
  let elsewhere = 0;
  const other = createServer((_request, response) => {
    elsewhere += 1;
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const asked = await ask((_request, response) => {
    response.writeHead(302, { location: `http://127.0.0.1:${port}/` });
    response.end();
  });
  await eventually(() => asked.closed.length === 1, "a sentence");
  t.regex(asked.closed[0] ?? "", /redirects \(302\), which is not followed: name the device's own address in url$/);
  t.deepEqual([asked.opened, asked.received, elsewhere], [[], [], 0]);
  await asked.end();
  other.close();
});

test("W2: too long, dripping, broken off and wrong answers end the connection, each with its sentence", async (t) => {
  const long = await ask((_request, response) => void response.end("x".repeat(16_385)));
  const endless = await ask((_request, response) => {
    const drip = setInterval(() => response.write("x"), 100);
    response.on("close", () => clearInterval(drip));
  });
  const broken = await ask((_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half");
    setTimeout(() => response.destroy(), 20);
  });
  const missing = await ask((_request, response) => {
    response.statusCode = 404;
    response.end("{}");
  });
  const all = [long, endless, broken, missing];
  await eventually(() => all.every(({ closed }) => closed.length === 1), "four sentences");
  const expected = [/more than 16384 bytes/, /no whole answer within 3000 ms/, /broke/, /answers 404 instead of 200/];
  for (const [index, { closed, received }] of all.entries()) {
    t.regex(closed[0] ?? "", expected[index] ?? /never/);
    t.deepEqual(received, []);
  }
  for (const one of all) await one.end();
});

test("W3: user name and password are used and appear in no sentence", async (t) => {
  let said: string | undefined;
  const asked = await ask(
    (request, response) => {
      said = request.headers.authorization;
      response.statusCode = 401;
      response.end();
    },
    "/page",
    "eve:secret@",
  );
  await eventually(() => asked.closed.length === 1, "a sentence");
  t.is(said, `Basic ${Buffer.from("eve:secret").toString("base64")}`);
  t.notRegex(asked.closed[0] ?? "", /eve|secret/);
  await asked.end();
});

test("D2: what comes by HTTP comes by nothing else, and nothing else by HTTP", (t) => {
  const events = { readings: () => {}, status: () => {}, health: () => {} };
  const url = "http://127.0.0.1:1/";
  t.throws(() => openDevice({ id: "d", protocol: "mt-sics", transport: { kind: "http", url } }, events), {
    message: "device d: mt-sics comes over a byte line, not over http",
  });
  t.throws(
    () => openDevice({ id: "d", protocol: "vmeasure", transport: { kind: "tcp", host: "127.0.0.1", port: 1 } }, events),
    { message: "device d: vmeasure comes by HTTP, not over tcp" },
  );
});
