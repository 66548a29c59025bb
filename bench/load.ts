/**
 * The clients of the web service, in a process of their own: `load.js PORT CLIENTS SECONDS`. It writes and reads HTTP itself, as
 * a library for it would take more processor time than the service does. Sends its parent a message at the end of the warm-up,
 * and a LoadReport at the end.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';

export interface LoadReport {
  /** Requests that were answered, the warm-up's among them. */
  all: number;
  measured: number;
  wallMs: number;
  /** µs */
  p50: number;
  p99: number;
}

const [port = 0, clients = 1, seconds = 1] = process.argv.slice(2).map(Number);
const latency = createHistogram();
let requests = 0;

function requestText(id: number): string {
  const body = JSON.stringify({ id });
  return (
    `POST /orders HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** Sends a request and gives its answer's body. */
function exchange(socket: Socket, id: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: string) => {
      text += chunk;
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? NaN);
      if (!text.startsWith('HTTP/1.1 201 ') || Number.isNaN(length)) {
        reject(new Error(`The service answered: ${text}`));
      } else if (text.length >= head + 4 + length) {
        socket.off('data', take);
        resolve(text.slice(head + 4));
      }
    };
    socket.on('data', take);
    socket.write(requestText(id));
  });
}

async function main(): Promise<void> {
  const sockets = await Promise.all(
    Array.from({ length: clients }, async () => {
      const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
      await once(socket, 'connect');
      return socket;
    }),
  );
  const run = async (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    const loop = async (socket: Socket) => {
      for (let began = performance.now(); began < end;) {
        const id = ++requests;
        const body = await exchange(socket, id);
        if (!body.startsWith(`{"id":${id},`)) throw new Error(`Another request's answer came: ${body}`);
        const ended = performance.now();
        latency.record(Math.round((ended - began) * 1e6));
        began = ended;
      }
    };
    await Promise.all(sockets.map(loop));
  };

  await run(1000);
  const warmUp = requests;
  latency.reset();
  process.send?.('warm');
  const start = performance.now();
  await run(seconds * 1000);
  const report: LoadReport = {
    all: requests,
    measured: requests - warmUp,
    wallMs: performance.now() - start,
    p50: latency.percentile(50) / 1000,
    p99: latency.percentile(99) / 1000,
  };
  process.send?.(report, () => process.exit());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
