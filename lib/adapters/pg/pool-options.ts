/** The options of a pool. */
import type { EventEmitter } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import type { Client } from './client.js';
import type { ClientConfig } from './config.js';
import { unlessFalsy } from './defaults.js';
import type { PoolClient } from './pool-client.js';

export interface PoolConfig extends ClientConfig {
  max?: number | undefined;
  /** An older word for `max`. */
  poolSize?: number | undefined;
  min?: number | undefined;
  idleTimeoutMillis?: number | null | undefined;
  maxUses?: number | undefined;
  maxLifetimeSeconds?: number | undefined;
  /** Idle clients do not keep the process alive. */
  allowExitOnIdle?: boolean | undefined;
  /**
   * The class of the pool's clients, which extends the module's. Default: that itself, also for a class that does not. Their
   * `connect` is not called, since their sessions are the pool's.
   */
  Client?: (new () => EventEmitter) | undefined;
  log?: ((...messages: unknown[]) => void) | undefined;
  onConnect?: ((client: PoolClient) => unknown) | undefined;
  verify?: ((client: PoolClient, done: (error?: Error) => void) => void) | undefined;
}

/** What can be given in more forms than the types of `pg` know. */
type Wider = 'Client' | 'onConnect' | 'verify' | 'password' | 'port' | 'ssl' | Limits;
type Limits = 'query_timeout' | 'lock_timeout' | 'idle_in_transaction_session_timeout';

/** The options of a pool, typed so that it can stand where a pool of `pg` is asked for: all is as it was given. */
export interface PoolOptions extends Omit<PoolConfig, Wider>, Partial<Record<Limits, number | undefined>> {
  onConnect?: ((client: EventEmitter) => unknown) | undefined;
  verify?: ((client: EventEmitter, done: (error?: Error) => void) => void) | undefined;
  Client?: (new () => Client) | undefined;
  password?: string | (() => string | Promise<string>) | undefined;
  port?: number | undefined;
  ssl?: boolean | ConnectionOptions | undefined;
  max: number;
  min: number;
  maxUses: number;
  allowExitOnIdle: boolean;
  maxLifetimeSeconds: number;
  idleTimeoutMillis: number | null;
}

/** What was given, with what holds where nothing was; secrets can be asked for, but no log shows them. */
export function poolOptionsOf(config: PoolConfig | null | undefined): PoolOptions {
  const given = config ?? {};
  const options = {
    ...given,
    log: unlessFalsy(given.log),
    onConnect: unlessFalsy(given.onConnect),
    verify: unlessFalsy(given.verify),
    Promise: unlessFalsy(given.Promise),
    // As with `pg`, 0 counts as absent.
    max: given.max || given.poolSize || 10,
    min: given.min || 0,
    maxUses: given.maxUses || Infinity,
    allowExitOnIdle: given.allowExitOnIdle ?? false,
    maxLifetimeSeconds: given.maxLifetimeSeconds ?? 0,
    idleTimeoutMillis: given.idleTimeoutMillis === undefined ? 10_000 : given.idleTimeoutMillis,
  } as PoolOptions;
  for (const secret of ['password', 'ssl'] as const) {
    if (!(secret in given)) continue;
    Object.defineProperty(options, secret, {
      value: given[secret],
      writable: true,
      configurable: true,
      enumerable: false,
    });
  }
  return options;
}
