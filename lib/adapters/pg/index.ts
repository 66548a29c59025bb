// The declarations speak of Buffer, streams and signals; TypeScript 6 and later load no types that nobody names.
/// <reference types="node" preserve="true" />
/** `kingbase-native/pg`: the module that `pg` 8 is, over this driver. */
import types from 'pg-types';
import { Client } from './client.js';
import { ConnectionParameters } from './config.js';
import { Connection } from './connection.js';
import { from, to } from './copy.js';
import { Cursor } from './cursor.js';
import { defaults } from './defaults.js';
import { DatabaseError } from './errors.js';
import { Pool } from './pool.js';
import { PoolClient } from './pool-client.js';
import { Query } from './query.js';
import { QueryStream } from './query-stream.js';
import { Result } from './result.js';
import { TypeOverrides } from './type-overrides.js';
import { escapeIdentifier, escapeLiteral, prepareValue } from './values.js';

const copy = { from, to };
const utils = { prepareValue, escapeIdentifier, escapeLiteral };

const pg = {
  Client,
  Connection,
  Pool,
  PoolClient,
  Query,
  Result,
  Cursor,
  QueryStream,
  copy,
  types,
  TypeOverrides,
  defaults,
  DatabaseError,
  escapeIdentifier,
  escapeLiteral,
  utils,
};
/** The same classes: they are native already. */
export declare const native: object;
// As with `pg`, not among what is enumerated, of the object and of the module.
Object.defineProperty(pg, 'native', { value: pg, configurable: true });
Object.defineProperty(exports, 'native', { value: pg, configurable: true });

export {
  Client,
  Connection,
  ConnectionParameters,
  Cursor,
  DatabaseError,
  Pool,
  PoolClient,
  Query,
  QueryStream,
  Result,
  TypeOverrides,
  copy,
  defaults,
  escapeIdentifier,
  escapeLiteral,
  types,
  utils,
};
export default pg;

export type { ClientConfig, PasswordFunction } from './config.js';
export type { CursorConfig } from './cursor.js';
export type { CopyFrom, CopyTo } from './copy.js';
export type { PoolConfig } from './pool-options.js';
export type { QueryCallback, QueryConfig } from './query.js';
export type { QueryStreamConfig } from './query-stream.js';
export type { FieldDef, FieldDef as Field, Result as QueryResult } from './result.js';
export type { SslConfig } from './ssl.js';
export type { TypeFormat, TypeParser, TypeParsers } from './type-overrides.js';
