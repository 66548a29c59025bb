import type { ClientLibraryFlavour } from '../addon/client-library.js';

/** The functions by which the families of client libraries differ; `ClientLibrary::Recognise` in native/ asks for the same. */
export const TELLING_SYMBOLS: ReadonlySet<string> = new Set([
  'KCIConnectionCreate',
  'KCIConnectionStartParams',
  'KCIConnectionCreateParams',
  'KCIsetSingleRowMode',
  'PQconnectStartParams',
  'PQexecPrepared_ext',
]);

/** Undefined for what is no client library at all, as far as its functions show. */
export function flavourOf(exports: ReadonlySet<string>): ClientLibraryFlavour | 'v7' | undefined {
  if (exports.has('KCIConnectionCreate') || exports.has('KCIConnectionStartParams')) {
    const v7 = !exports.has('KCIConnectionCreateParams') && !exports.has('KCIsetSingleRowMode');
    return v7 ? 'v7' : 'kci';
  }
  if (!exports.has('PQconnectStartParams')) return undefined;
  return exports.has('PQexecPrepared_ext') ? 'kingbase-pq' : 'libpq';
}
