import type { PlaceholderCache } from '../../sql/placeholder-cache.js';
import type { TypeCatalogue } from '../../types/type-catalogue.js';
import type { TypeMap } from '../../types/type-map.js';
import type { TypeOptions } from '../../types/type-options.js';
import type { RowContext } from '../rows/row-source.js';
import type { OperationRunner } from './runner.js';

/** What the calls of one database have in common. */
export interface CallContext extends RowContext {
  /** The type map for a call's `types`, or the database's own. */
  readonly typeMapOf: (types: TypeOptions | undefined) => TypeMap;
  readonly catalogue: TypeCatalogue;
  readonly placeholders: PlaceholderCache;
  /** Runs what must not run on a session that is held. */
  readonly pool: () => OperationRunner;
}
