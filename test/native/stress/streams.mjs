// Rows and COPY as streams, several at a time on few connections: read to the end, left early, aborted, failing in the
// middle, with statements in between. What is streamed must be whole, and every connection usable afterwards.
import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { enter, randomNumbers, repeat, socketDirectory, withDatabase } from './support/harness.mjs';

const random = randomNumbers(7);
const ROWS = 20_000;
const LINE = 'x'.repeat(60);

/** Counts bytes, and stops taking them after `most`. */
function counter(most = Infinity) {
  let bytes = 0;
  return {
    bytes: () => bytes,
    stream: new Writable({
      write(chunk, _encoding, done) {
        bytes += chunk.length;
        done(bytes > most ? new RangeError('enough') : null);
      },
    }),
  };
}

function* lines(count) {
  for (let i = 0; i < count; i++) yield `${i}\t${LINE}\n`;
}

const ACTIONS = [
  async (db) => {
    let sum = 0;
    for await (const { i } of db.rows('SELECT i, $1::text AS t FROM generate_series(1, $2::int4) i', [
      LINE,
      ROWS,
    ])) {
      sum += i;
    }
    assert.equal(sum, (ROWS * (ROWS + 1)) / 2);
  },
  async (db) => {
    let taken = 0;
    const most = Math.floor(random() * ROWS);
    for await (const row of db.rows('SELECT i FROM generate_series(1, 10000000) i')) {
      taken += row.i > 0 ? 1 : 0;
      if (taken > most) break;
    }
    assert.equal(taken, most + 1);
  },
  async (db) => {
    const signal = AbortSignal.timeout(1 + Math.floor(random() * 20));
    const reading = async () => {
      for await (const row of db.rows('SELECT i FROM generate_series(1, 10000000) i', [], { signal })) {
        assert.ok(row.i > 0);
      }
    };
    await assert.rejects(reading, { name: 'TimeoutError' });
  },
  async (db) => {
    const failing = async () => {
      for await (const row of db.rows('SELECT 1 / (i - 5000) AS q FROM generate_series(1, 10000) i')) {
        assert.ok(row.q <= 0);
      }
    };
    await assert.rejects(failing, { code: '22012' });
  },
  async (db) => {
    const table = await db.connect();
    try {
      await table.exec('CREATE TEMPORARY TABLE IF NOT EXISTS streamed (i int4, t text)');
      await table.exec('TRUNCATE streamed');
      await pipeline(Readable.from(lines(ROWS)), table.copyFrom('COPY streamed FROM STDIN'));
      const { count } = await table.queryRow('SELECT count(*)::int4 AS count FROM streamed');
      assert.equal(count, ROWS);
      const whole = counter();
      await pipeline(table.copyTo('COPY streamed TO STDOUT'), whole.stream);
      assert.equal(whole.bytes(), [...lines(ROWS)].join('').length);
      const part = counter(random() * 500_000);
      await assert.rejects(pipeline(table.copyTo('COPY streamed TO STDOUT'), part.stream), {
        message: 'enough',
      });
      await table.exec('SELECT 1');
    } finally {
      await table.release();
    }
  },
  async (db) => {
    // The source fails in the middle: nothing of it may remain, and the connection be of use.
    const table = await db.connect();
    try {
      await table.exec('CREATE TEMPORARY TABLE IF NOT EXISTS broken (i int4, t text)');
      const broken = function* () {
        yield* lines(Math.floor(random() * ROWS));
        throw new RangeError('no more');
      };
      await assert.rejects(pipeline(Readable.from(broken()), table.copyFrom('COPY broken FROM STDIN')), {
        message: 'no more',
      });
      assert.deepEqual(await table.queryRow('SELECT count(*)::int4 AS count FROM broken'), { count: 0 });
    } finally {
      await table.release();
    }
  },
];

const host = await withDatabase(socketDirectory);
for (const overrides of [{}, { host }]) {
  enter(`streams over ${overrides.host ?? 'TCP'}`);
  await withDatabase(
    async (db) => {
      await repeat(60, 6, async (i) => {
        await ACTIONS[i % ACTIONS.length](db);
        const { number } = await db.queryRow('SELECT 7 AS number');
        assert.equal(number, 7);
      });
    },
    { ...overrides, pool: { max: 4 } },
  );
}
