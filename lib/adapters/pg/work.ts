import type { Connection } from '../../index.js';
import type { FieldDef } from './result.js';
import type { TypeParsers } from './type-overrides.js';

/** Under this name a query, a cursor or a stream is what a client can run. */
export const RUN: unique symbol = Symbol('run on a client');

export type Described = (fields: readonly FieldDef[]) => void;

/** What a client gives to that which it runs. */
export interface Host {
  readonly session: Connection;
  readonly types: TypeParsers;
  /** Texts of named statements by their names. */
  readonly named: Map<string, string>;
  /** ms that are left of the time to read the answer; undefined: no limit. */
  readonly timeout: number | undefined;
  /** Told of the columns of each result, before its rows are told. */
  readonly described: Described;
}

/**
 * @param tell tells the program, once the client counts as free and before it goes on
 * @param failed whether that is an error
 */
export type Done = (tell?: () => void, failed?: boolean) => void;

/** Something that has a client's session to itself for a while. */
export interface Work {
  /** @param done to be called once, when the session is free */
  [RUN](host: Host, done: Done): void;
  /** It will not be run, or the connection is gone. */
  handleError(error: Error): void;
}

/** Every value as the server's text, which pg-types reads. */
export const AS_TEXT = { all: 'text' } as const;

/** Calls a program's function: what it throws is an uncaught exception of the program's, as with `pg`, and fails nothing here. */
export function telling(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
