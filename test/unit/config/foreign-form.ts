import { expect } from 'vitest';
import type { ResolvedConfig } from '../../../lib/config/index.js';
import { parseConfig } from '../../../lib/config/index.js';
import { UsageError } from '../../../lib/errors/index.js';

export function read(text: string): ResolvedConfig {
  return parseConfig(text, {}, {}, () => 'osuser');
}

/** What differs from the defaults. */
export function essence(text: string): Record<string, unknown> {
  const config = read(text);
  const { hosts, user, database, password, applicationName, connectTimeout, timeout, statementCacheSize } =
    config;
  const defaults = read('');
  const all = {
    hosts: hosts.map(({ host, port }) => `${host}:${port}`).join(),
    user,
    database: database === user ? 'osuser' : database,
    password,
    applicationName,
    connectTimeout,
    timeout,
    statementCacheSize,
    ...Object.fromEntries(Object.entries(config.pool).map(([key, value]) => [`pool.${key}`, value])),
    cluster: config.cluster && differing(config.cluster),
    ...config.libraryKeywords,
    ...config.secretKeywords,
  };
  const usual: Record<string, unknown> = {
    hosts: 'localhost:54321',
    user: 'osuser',
    database: 'osuser',
    connectTimeout: defaults.connectTimeout,
    timeout: defaults.timeout,
    statementCacheSize: defaults.statementCacheSize,
    ...Object.fromEntries(Object.entries(defaults.pool).map(([key, value]) => [`pool.${key}`, value])),
  };
  return Object.fromEntries(Object.entries(all).filter(([key, value]) => value !== usual[key]));
}

/** What differs from the defaults of a cluster. */
function differing(cluster: NonNullable<ResolvedConfig['cluster']>): object {
  const defaults: Record<string, unknown> = { ...parseConfig({ cluster: true }, {}, {}, () => 'x').cluster };
  return Object.fromEntries(Object.entries(cluster).filter(([key, value]) => value !== defaults[key]));
}

/** The message and hint with which a string is refused. */
export function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { code, message, hint } = error as UsageError;
    expect(code).toBe('KB_BAD_OPTION');
    expect(message).toMatch(/[.?]$/);
    return `${message} ${hint ?? ''}`;
  }
  throw new Error('was accepted');
}
