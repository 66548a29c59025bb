/**
 * Unit tests without a server: the code under test asks for the calls that it uses and no more, so that a fake of a few lines
 * can stand in for the database, errors of the server included.
 *
 *     npx tsx examples/unit-test-with-a-fake.mts
 */
import assert from 'node:assert/strict';
import { DatabaseError, isDatabaseError, type Database } from 'kingbase-native';

// ---- the code under test

type Queries = Pick<Database, 'exec' | 'queryRow'>;

async function register(db: Queries, name: string): Promise<'registered' | 'taken'> {
  try {
    await db.exec('INSERT INTO member (name) VALUES ($1)', [name]);
    return 'registered';
  } catch (error) {
    if (isDatabaseError(error, 'unique_violation')) return 'taken';
    throw error;
  }
}

// ---- the fake

interface Call {
  sql: string;
  parameters: unknown;
}

/** Notes the calls, and answers each with what `answer` gives or throws. */
function fakeDatabase(answer: (call: Call) => object): { db: Queries; calls: Call[] } {
  const calls: Call[] = [];
  const respond = async (sql: string, parameters: unknown): Promise<never> => {
    const call = { sql, parameters };
    calls.push(call);
    await Promise.resolve();
    return answer(call) as never;
  };
  return { db: { exec: respond, queryRow: respond } as Queries, calls };
}

// ---- the tests

const accepting = fakeDatabase(() => ({ rowsAffected: 1, command: 'INSERT' }));
assert.equal(await register(accepting.db, '张三'), 'registered');
assert.deepEqual(accepting.calls, [{ sql: 'INSERT INTO member (name) VALUES ($1)', parameters: ['张三'] }]);
console.log('a new name is registered');

const refusing = (code: string): Queries =>
  fakeDatabase(() => {
    // The server's fields by the letters of its protocol: C is the SQLSTATE, M the message, n a constraint.
    throw DatabaseError.fromFields({ C: code, M: 'refused', n: 'member_name_key' });
  }).db;
assert.equal(await register(refusing('23505'), '张三'), 'taken');
console.log('a name that is there already is taken');

await assert.rejects(register(refusing('53100'), '李四'), { code: '53100', condition: 'disk_full' });
console.log('other errors reach the caller');
