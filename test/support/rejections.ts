import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { expect } from 'vitest';
import {
  ClientLibraryError,
  ConnectionError,
  DatabaseError,
  KingbaseError,
  open,
  PoolError,
  type ConnectionConfig,
} from 'kingbase-native';

/** What no error and no object of the driver may ever show. */
export const PASSWORD = 'correct-horse-battery-staple';

/** The error that a call ends with; checks what holds for every error of the driver. */
export async function rejectionOf(call: Promise<unknown>): Promise<KingbaseError> {
  const error: unknown = await call.then(
    (value) => {
      throw new Error(`The call should have failed, but gave ${inspect(value)}`);
    },
    (reason: unknown) => reason,
  );
  expectWellFormed(error);
  return error;
}

/** The error for which no connection can be made, whatever the call was that needed one. */
export async function connectFailure(config: ConnectionConfig): Promise<KingbaseError> {
  const db = open({ pool: { acquireTimeout: 1_000 }, ...config });
  try {
    const error = await rejectionOf(db.query('SELECT 1'));
    expectNoSecret(db);
    // While its server cannot be reached a pool may go on trying; the last failure is the cause then.
    if (!(error instanceof PoolError)) return error;
    expectWellFormed(error.cause);
    return error.cause;
  } finally {
    await db.close();
  }
}

function expectWellFormed(error: unknown): asserts error is KingbaseError {
  expect(error).toBeInstanceOf(KingbaseError);
  if (!(error instanceof KingbaseError)) return;
  expect(error.code).toMatch(error instanceof DatabaseError ? /^[0-9A-Z]{5}$/ : /^KB_[A-Z_]+$/);
  expect(error.name).toBe(error.constructor.name);
  // The server words its own.
  if (!(error instanceof DatabaseError)) expect(error.message).toMatch(/^[A-Z“"]\S* \S+ \S+/);
  if (error instanceof ConnectionError || error instanceof ClientLibraryError) {
    expect(error.hint).toMatch(/^[A-Z]/);
  }
  expectNoSecret(error);
}

export function expectNoSecret(thing: unknown): void {
  const options = { showHidden: true, getters: true, depth: Infinity, maxArrayLength: 200 };
  expect(inspect(thing, options).includes(PASSWORD)).toBe(false);
  expect(String(thing).includes(PASSWORD)).toBe(false);
}

/** Waits for what no event tells of. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (Date.now() < end) {
    if (await condition()) return;
    await delay(5);
  }
  throw new Error(`Waited in vain for this: ${what}.`);
}
