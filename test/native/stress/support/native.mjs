// The addon by itself, without the driver above it: connections can be used, closed and dropped here as the driver
// never would.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

export function loadAddon() {
  const file = process.env.KINGBASE_NATIVE_ADDON;
  if (!file) return require('node-gyp-build')(fileURLToPath(new URL('../../../..', import.meta.url)));
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}

/** `Outcome` in lib/addon/interface.ts. */
const END_OF_COMMAND = 2;
const GOES_ON = 4;

const EMPTY = Symbol('the command has not ended');

/** Ends by exactly one call for each command; more than one, or one too many, is an error. */
class Slots {
  ends = [];

  /** A slot, and what its command will end with. */
  begin() {
    const slot = this.ends.length;
    const end = new Promise((resolve) => {
      this.ends.push({ outcome: EMPTY, resolve });
    });
    return { slot, end };
  }

  finish(slot, outcome) {
    const entry = this.ends[slot];
    if (entry.outcome !== EMPTY) throw new Error(`The command of slot ${slot} has ended twice.`);
    entry.outcome = outcome;
    entry.resolve(outcome);
  }
}

/** The addon with handlers that settle promises; `notified` is told of notifications. */
export function openAddon({ notified = () => undefined } = {}) {
  const addon = loadAddon();
  const slots = new Slots();
  const lost = [];
  const tags = [];
  const core = new addon.NativeCore(
    {
      describe: (typeMap, names) => ({ names }),
      // Counts: what rows are made of is the driver's business.
      appender: (shape, mode, rowsPerCall) => (rows) => {
        for (let i = 0; i < rowsPerCall; i++) rows.push(0);
      },
      packedAppender: () => (rows, count) => {
        for (let i = 0; i < count; i++) rows.push(0);
      },
      packedResult: (slot, shape, mode, rows, ascii, utf16, tag, count, outcome) =>
        slots.finish(slot, { rows, command: tags[tag], goesOn: (outcome & GOES_ON) !== 0 }),
      tag: (number, text) => {
        tags[number] = text;
      },
      result: (slot, rows, shape, tag, count, outcome) => {
        if ((outcome & END_OF_COMMAND) !== 0) {
          slots.finish(slot, { rows: rows?.length, command: tags[tag], goesOn: (outcome & GOES_ON) !== 0 });
        }
      },
      threw: (slot, thrown) => slots.finish(slot, { thrown }),
      failed: (slot, fields, message, what, outcome) =>
        slots.finish(slot, {
          failure: { fields, message, lost: (what & 1) !== 0 },
          goesOn: (outcome & GOES_ON) !== 0,
        }),
      connected: (slot, facts) => slots.finish(slot, { facts }),
      copying: () => undefined,
      copyData: () => undefined,
      described: (slot, parameterTypes) => slots.finish(slot, { parameterTypes }),
      cancelled: (slot, message) => slots.finish(slot, { message }),
      notice: () => undefined,
      notification: (connection, channel, payload) => notified(connection, payload),
      lost: (connection) => lost.push(connection),
      later: () => setImmediate(() => addon.drain()),
    },
    new Float64Array(4096),
    new Uint8Array(4096),
    process.env.KINGBASE_NATIVE_PORTABLE_WAIT === '1',
    process.env.KINGBASE_NATIVE_LOOP_WATCH !== '0',
  );
  core.setParameterBuffer(new Uint8Array(16));
  const typeMap = core.registerTypeMap(new Uint32Array());
  const library = addon.openLibrary(process.env.KINGBASE_CLIENT_LIBRARY, {
    companions: [],
    isolate: process.env.KINGBASE_NATIVE_NO_DEEPBIND !== '1',
  });
  let nextConnection = 1;

  return {
    addon,
    core,
    library,
    lost,
    /** Connections are numbered from 1. */
    create() {
      return new addon.NativeConnection(core, nextConnection++, library.handle);
    },
    connect(connection, settings = {}) {
      const keywords = {
        host: process.env.KINGBASE_HOST,
        port: process.env.KINGBASE_PORT,
        user: process.env.KINGBASE_USER,
        dbname: process.env.KINGBASE_DATABASE,
        ...settings,
      };
      const { slot, end } = slots.begin();
      connection.connect(slot, Object.entries(keywords).flat().join('\0') + '\0');
      return end;
    },
    execute(connection, sql) {
      const { slot, end } = slots.begin();
      connection.execute(slot, sql, 0, 0, 0, typeMap);
      return end;
    },
    prepare(connection, statement, sql) {
      const { slot, end } = slots.begin();
      connection.prepare(slot, statement, sql);
      return end;
    },
    executePrepared(connection, statement) {
      const { slot, end } = slots.begin();
      connection.executePrepared(slot, statement, 0, 0, 0, typeMap);
      return end;
    },
    offerPrepared(connection, statement) {
      const { slot, end } = slots.begin();
      connection.offerPrepared(slot, statement, 0, 0, 0, typeMap);
      return end;
    },
    script(connection, sql) {
      const { slot, end } = slots.begin();
      connection.script(slot, sql);
      return end;
    },
    cancel(connection) {
      const { slot, end } = slots.begin();
      connection.cancel(slot);
      return end;
    },
  };
}

/** Resolves in a later turn of the event loop; the number of turns is by chance. */
export async function someTurns(random, most) {
  for (let turns = Math.floor(random() * most); turns > 0; turns--) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
