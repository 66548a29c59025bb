/**
 * Corrupts answers, one after the other or with many calls in flight, and prints a line of JSON for each thing that must
 * not be: see `Finding`. A crash of this process is for its parent to notice.
 */
import { KingbaseError, open, UsageError } from 'kingbase-native';
import { between, seededRandom } from '../resilience/support/random.js';
import { startScriptedServer, type Exchange, type ScriptedSession } from '../support/scripted-server.js';
import type { Encryption } from '../support/wire.js';
import { isExpected, someCall, type Call } from './support/calls.js';
import { corrupted, type Corruption } from './support/corruption.js';
import { behindTheEnd, strictly } from './support/verdict.js';

export interface Orders {
  readonly clientLibrary: string;
  readonly encryption: Encryption;
  /** Calls at once, on two connections; one by one on one connection if it is 1. */
  readonly inFlight: number;
  /** The run's own random numbers come from `seed` plus its number. */
  readonly seed: number;
  readonly runs: number;
}

/** A line that this prints. */
export type Line =
  | { readonly run: number }
  | { readonly finding: string; readonly run: number; readonly kind: string; readonly call: string }
  | { readonly done: true; readonly succeeded: number; readonly failed: number };

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const { clientLibrary, encryption, inFlight, seed, runs } = orders;

/** A call that has not ended after this long never will. In ms. */
const HANGS = 30_000;
/** How long a server that has sent nonsense waits for its client to say something before it hangs up. In ms. */
const PATIENCE = 20;

const tell = (line: Line): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

let random = seededRandom(seed);
let number = 0;
/** How many answers go by before one is corrupted; several may be due. */
let due: number[] = [];
const corruptions = new Map<number, Corruption[]>();
/** An answer read together with what came behind the one before. */
const BEHIND = 'behind another';

/** What came behind the end of a session's last answer. */
const left = new Map<ScriptedSession, Buffer>();
const dirty = new Map<ScriptedSession, NodeJS.Timeout>();

const kinds = (): string =>
  [...corruptions.values()]
    .flat()
    .map(({ kind }) => kind)
    .join(', ');

function note(id: number, corruption: Corruption): void {
  corruptions.set(id, [...(corruptions.get(id) ?? []), corruption]);
}

async function respond({ sql, answer }: Exchange, session: ScriptedSession): Promise<void> {
  const id = Number(/ as (\d+)/.exec(sql)?.[1] ?? 0);
  due = due.map((calls) => calls - 1);
  let bytes: Buffer = Buffer.concat(answer);
  if (due.includes(-1)) {
    const corruption = corrupted(answer, random);
    note(id, corruption);
    bytes = corruption.bytes;
    dirty.set(
      session,
      setTimeout(() => undefined),
    );
  }
  const before = left.get(session) ?? Buffer.alloc(0);
  if (before.length > 0) note(id, { kind: BEHIND, bytes: Buffer.concat([before, bytes]) });
  left.set(session, behindTheEnd(bytes));
  const timer = dirty.get(session);
  if (timer !== undefined) {
    clearTimeout(timer);
    dirty.set(
      session,
      setTimeout(() => {
        dirty.delete(session);
        session.wire.end();
      }, PATIENCE),
    );
  }
  const at = between(random, 0, bytes.length);
  await session.wire.send(random() < 0.3 ? [[bytes.subarray(0, at)], [bytes.subarray(at)]] : [[bytes]]);
}

let succeeded = 0;
let failed = 0;

function judge(call: Call, given: unknown): string | undefined {
  succeeded++;
  const readings = (corruptions.get(call.id) ?? []).map(({ kind, bytes }) => ({ kind, ...strictly(bytes) }));
  const shared = call.id < 10;
  // An error that is read before the next statement is sent is none of that statement's.
  if (!shared && readings.some(({ kind, failed }) => failed && kind !== BEHIND))
    return 'success, though the server reported an error';
  if (isExpected(call, given)) return undefined;
  const isTold = readings.some(({ results }) => results !== undefined && call.agrees(given, results));
  return isTold ? undefined : `wrong success: ${JSON.stringify(given)?.slice(0, 200)}`;
}

function blame(error: unknown): string | undefined {
  failed++;
  if (!(error instanceof KingbaseError)) return `an error that is none of the driver's: ${String(error)}`;
  // The message that begins a COPY is what a COPY by query would get; a value in another form than its type's may be a
  // type's that the driver does not know, and has a code of its own.
  const own = error.code === 'KB_VALUE_UNREADABLE' || error.message.includes('COPY');
  if (error instanceof UsageError && !own)
    return `a fault of the server's told as one of the program's: ${error.message}`;
  return undefined;
}

async function settled(what: string, promise: Promise<unknown>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`${what} does not end`), HANGS);
  });
  const outcome = await Promise.race([promise.then(() => undefined), hang]);
  clearTimeout(timer);
  return outcome;
}

async function main(): Promise<void> {
  const server = await startScriptedServer({ encryption, respond });
  const db = open({
    host: server.host,
    port: server.port,
    user: 'somebody',
    database: 'any',
    clientLibrary,
    sslmode: encryption === 'none' ? 'disable' : 'require',
    pool: { max: inFlight === 1 ? 1 : 2 },
  });
  db.on('notice', () => undefined);
  let nextId = 100;
  let hung = false;
  for (number = 0; number < runs && !hung; number++) {
    random = seededRandom(seed + number);
    corruptions.clear();
    due = inFlight === 1 ? [0] : [between(random, 0, inFlight - 1), between(random, 0, inFlight - 1)];
    const run = number;
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        const call = someCall(nextId++, random);
        let finding: string | undefined;
        const made = call.make(db).then(
          (given) => (finding = judge(call, given)),
          (error: unknown) => (finding = blame(error)),
        );
        const hangs = await settled(`the call ${call.name}`, made);
        hung ||= hangs !== undefined;
        finding = hangs ?? finding;
        if (finding !== undefined) tell({ finding, run, kind: kinds(), call: call.name });
      }),
    );
    if (number % 100 === 0) tell({ run: number });
  }
  due = [];
  const closing = await settled('close()', db.close());
  if (closing !== undefined) tell({ finding: closing, run: number, kind: kinds(), call: 'close' });
  tell({ done: true, succeeded, failed });
  await server.close();
  process.exit(0);
}

void main();
