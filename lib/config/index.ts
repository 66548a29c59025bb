export { parseConfig, DEFAULTS } from './parse-config.js';
export { ENVIRONMENT } from './options.js';
export type {
  PlainConfig,
  PlainConfig as ConnectionConfig,
  PasswordProvider,
  SslMode,
} from './connection-config.js';
export { ResolvedConfig, type HostAddress, type ResolvedSettings } from './resolved-config.js';
export {
  mostIdle,
  POOL_DEFAULTS,
  resolvePoolOptions,
  type PoolOptions,
  type ResetItem,
  type ResolvedPoolOptions,
} from './pool-options.js';
export {
  checkConsistency,
  checkTime,
  type ClusterOptions,
  type Consistency,
  type ResolvedClusterOptions,
} from './cluster-options.js';
export { checkMaxLag, type MaxLag } from './max-lag.js';
export { connectionKeywords } from './library-keywords.js';
