import { KingbaseError } from './kingbase-error.js';
import type {
  ClientLibraryErrorCode,
  ConnectionErrorCode,
  TimeoutErrorCode,
  UsageErrorCode,
} from './codes.js';
import type { LibraryAttempt } from './library-attempt.js';

/** How far a connection attempt had come. */
export type ConnectStage = 'dns' | 'tcp' | 'tls' | 'startup' | 'auth';

/**
 * What is known of the command that was under way: `not-sent`, nothing of it was carried out (nothing left this machine or,
 * where the server was asked, it has undone it) and it is safe to run it again; `unknown`, the server may or may not have carried it out.
 */
export type LossOutcome = 'not-sent' | 'unknown';

/**
 * A connection could not be made (`KB_CONNECT_…`), was lost (`KB_CONNECTION_LOST`), or cannot be used for want of
 * descriptors or threads (`KB_RESOURCES`), of memory (`KB_OUT_OF_MEMORY`), or of sense in what came (`KB_PROTOCOL`).
 */
export class ConnectionError extends KingbaseError {
  static {
    this.prototype.name = 'ConnectionError';
  }

  declare readonly code: ConnectionErrorCode;
  declare readonly stage?: ConnectStage;
  declare readonly outcome?: LossOutcome;
  /** `host:port` or the path of the Unix socket. */
  declare readonly address?: string;

  constructor(
    code: ConnectionErrorCode,
    message: string,
    options: {
      stage?: ConnectStage | undefined;
      outcome?: LossOutcome | undefined;
      address?: string | undefined;
      cause?: unknown;
      hint?: string | undefined;
    } = {},
  ) {
    super(code, message, options);
    if (options.stage !== undefined) this.stage = options.stage;
    if (options.outcome !== undefined) this.outcome = options.outcome;
    if (options.address !== undefined) this.address = options.address;
  }
}

/** No usable client library. The message has a line for each attempt. */
export class ClientLibraryError extends KingbaseError {
  static {
    this.prototype.name = 'ClientLibraryError';
  }

  declare readonly code: ClientLibraryErrorCode;
  readonly attempts: readonly LibraryAttempt[];

  constructor(
    code: ClientLibraryErrorCode,
    summary: string,
    attempts: readonly LibraryAttempt[],
    options: { cause?: unknown; hint?: string | undefined } = {},
  ) {
    const lines = attempts.map(({ path, source, reason }) => `\n  ${path} (${source}): ${reason}`);
    super(code, summary + lines.join(''), options);
    this.attempts = attempts;
  }
}

/** A call took longer than its `timeout`. `cause` is the server's answer to the cancel (57014), if one came. */
export class TimeoutError extends KingbaseError {
  static {
    this.prototype.name = 'TimeoutError';
  }

  declare readonly code: TimeoutErrorCode;
  /** What timed out, such as `query`. */
  readonly operation: string;
  /** The limit, in ms. */
  readonly timeout: number;
  /**
   * `unknown` where not even a cancel could be got through, and the connection was given up; `cause` is its loss then.
   * `not-sent` where the call had not begun; `cause` is the last failure to connect then, if there was one.
   */
  declare readonly outcome?: LossOutcome;

  constructor(
    operation: string,
    timeout: number,
    message: string,
    options: { cause?: unknown; hint?: string | undefined; outcome?: LossOutcome } = {},
  ) {
    super('KB_TIMEOUT', message, options);
    this.operation = operation;
    this.timeout = timeout;
    const lost = options.cause instanceof ConnectionError ? options.cause.outcome : undefined;
    const outcome = options.outcome ?? lost;
    if (outcome !== undefined) this.outcome = outcome;
  }
}

/** The package was used in a way it cannot serve: a finished transaction, a bad option, a bad parameter. */
export class UsageError extends KingbaseError {
  static {
    this.prototype.name = 'UsageError';
  }

  declare readonly code: UsageErrorCode;
  /** Which parameter, counted from 0. */
  declare readonly parameterIndex?: number;
  /** Of a batch insert: the column whose value was refused. */
  declare readonly column?: string;

  constructor(
    code: UsageErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; parameterIndex?: number } = {},
  ) {
    super(code, message, options);
    if (options.parameterIndex !== undefined) this.parameterIndex = options.parameterIndex;
  }
}
