import { isError } from '../../base/is-error.js';
import { open, type Database } from '../../index.js';
import { parseConfig } from '../../config/index.js';
import { connectOnce } from '../connect.js';
import type { ErrorFacts } from '../../errors/explain/topic.js';
import type { Answers, Arguments, Reply, Request } from './library-client.js';

/**
 * The part of the doctor that runs foreign code, in a process of its own: a client library that does not fit can end the
 * process that loads it, and then the report must still be written. Started by library-client.ts, which sends requests.
 */

let db: Database | undefined;
let given: Arguments['load'] = { config: {}, overrides: {} };

const answers: {
  [K in keyof Answers]: (
    argument: K extends keyof Arguments ? Arguments[K] : undefined,
  ) => Promise<Answers[K]> | Answers[K];
} = {
  load({ config, overrides }) {
    given = { config, overrides };
    db = open(config, overrides);
    try {
      const library = db.clientLibrary();
      return { addon: addonPath(), library, error: undefined };
    } catch (error) {
      return { addon: addonPath(), library: undefined, error: errorFacts(error) };
    }
  },

  async login() {
    const begun = performance.now();
    const connection = await connectOnce(opened());
    const milliseconds = performance.now() - begun;
    const { backendPid: processId, tls, serverParameters } = connection;
    // The pool has this one connection, which serves the requests that follow.
    await connection.release();
    return { processId, tls, serverParameters: { ...serverParameters }, milliseconds };
  },

  async simple() {
    await opened().script('SELECT 1');
    return null;
  },

  async extended() {
    const row = await opened().queryRow<{ answer: number }>('SELECT $1::int4 + 1 AS answer', [41]);
    return { answer: row?.answer };
  },

  server: () => opened().serverInfo(),

  async roundTrips({ count }) {
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const begun = performance.now();
      await opened().script('SELECT 1');
      times.push(performance.now() - begun);
    }
    return times;
  },

  member: ({ index }) => memberAt(index),

  async close() {
    await db?.close({ timeout: 1_000 });
    return null;
  },
};

/** Logs in at one of the hosts alone, whatever it is. */
async function memberAt(index: number): Promise<Answers['member']> {
  const { config, overrides } = given;
  const host = parseConfig(config, overrides, process.env).hosts[index];
  if (host === undefined) throw new Error('There is no such host.');
  const { hostaddr } = host;
  const place = { host: host.host, port: host.port, ...(hostaddr === undefined ? {} : { hostaddr }) };
  const own = { ...place, hosts: undefined, cluster: false, targetSessionAttrs: 'any' } as const;
  const begun = performance.now();
  const one = open(config, { ...overrides, ...own });
  try {
    const connection = await connectOnce(one);
    const milliseconds = performance.now() - begun;
    const { tls } = connection;
    await connection.release();
    const { product, release, version } = await one.serverInfo();
    const row = await one.queryRow<{ standby: boolean; place: string | null; timeline: string | null }>(ROLE);
    const system = await one.queryRow<{ system: string }>(SYSTEM).catch(() => undefined);
    return {
      role: row?.standby === true ? 'standby' : 'primary',
      place: row?.place ?? undefined,
      timeline: typeof row?.timeline !== 'string' ? undefined : parseInt(row.timeline, 16),
      system: system?.system,
      product,
      release,
      version,
      tls,
      milliseconds,
    };
  } finally {
    await one.close({ timeout: 1_000 });
  }
}

/** The names beginning with pg_ are there in every mode of KingbaseES. */
const ROLE = `SELECT pg_is_in_recovery() AS standby,
  cast(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
    ELSE pg_current_wal_insert_lsn() END, '0/0') AS varchar(40)) AS place,
  CASE WHEN pg_is_in_recovery() THEN NULL
    ELSE cast(substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) AS varchar(8)) END AS timeline`;
/** Not everybody may ask it everywhere. */
const SYSTEM = 'SELECT cast(system_identifier AS varchar(40)) AS system FROM pg_control_system()';

function opened(): Database {
  if (db === undefined) throw new Error('Nothing has been opened.');
  return db;
}

/** The addon, once it has been loaded; only Node knows which of several places it came from. */
function addonPath(): string | undefined {
  return (
    Object.keys(require.cache).find((path) => path.endsWith('.node')) ??
    (process.env['KINGBASE_NATIVE_ADDON'] || undefined)
  );
}

/** Errors lose their properties on the way to another process; these are what an explanation needs. */
function errorFacts(error: unknown): ErrorFacts & { name: string } {
  if (!isError(error)) return { name: 'Error', code: '', message: String(error) };
  const { name, message } = error;
  const { code, hint, stage, outcome, address, attempts, detail } = error as Error & Partial<ErrorFacts>;
  return JSON.parse(
    JSON.stringify({ name, message, code: code ?? '', hint, stage, outcome, address, attempts, detail }),
  ) as ErrorFacts & { name: string };
}

async function answer({ kind, argument }: Request): Promise<Reply> {
  try {
    // The caller's types tie the argument to the kind; what comes through a pipe has no types.
    const serve = answers[kind] as (argument: unknown) => unknown;
    return { ok: true, value: await serve(argument) };
  } catch (error) {
    return { ok: false, error: errorFacts(error) };
  }
}

// Nobody is left to answer.
process.once('disconnect', () => {
  process.exit();
});

process.on('message', (request: Request) => {
  void answer(request).then((reply) => {
    process.send?.(reply);
    if (request.kind === 'close') process.disconnect();
  });
});
