/**
 * The native interface: what the C++ core (`native/`) gives to TypeScript, and nothing more. Every number here
 * has its twin in `native/`; change both together.
 *
 * Down goes one call per command; up comes one callback per completion (several completions that are ready
 * together are delivered in one crossing). Commands are told apart by a slot number chosen by the driver.
 */

import type { ClientLibraryCapabilities, ClientLibraryFlavour } from './client-library.js';

/**
 * The code of what the core throws when it is given a command and is at work on another, or is closed. Twin:
 * `ThrowNotIdle` in native/connection_object.cc.
 */
export const NOT_IDLE = 'not idle';

/** How the core turns one value of a text-format result into a JavaScript value. Twin: `native/decoder.h`. */
export const enum Decoder {
  /** The server's text as a string. Everything that is not listed below. */
  Text = 0,
  /** int2, int4, oid: a number. */
  Integer = 1,
  /** int8: a bigint. */
  BigInt = 2,
  /** int8 as a number: a number where it is exact (at most 2^53 - 1 in size), else a bigint. */
  SafeInteger = 3,
  /** float4, float8, numeric as a number: a number; `NaN`, `Infinity` and `-Infinity` included. */
  Float = 4,
  /** bool: `t` and `f`. */
  Boolean = 5,
  /** timestamptz: milliseconds since 1970 UTC as a number (cut, not rounded, to whole milliseconds). */
  Instant = 6,
  /** timestamp, date: the wall-clock time as milliseconds, counted as if it were UTC. */
  WallClock = 7,
  /** bytea, in the server's hex or escape form: a Buffer. */
  Bytes = 8,
}
// Integer to WallClock give the server's text as a string where it does not have the expected form ('infinity',
// another DateStyle): the row builder must let strings pass.

/** What `NativeConnection.execute*` does with the rows. Twin: `native/command.h`. */
export const enum RowMode {
  Object = 0,
  Array = 1,
  /**
   * The rows come batch by batch, each by a call of `result` of its own, and a few at most before
   * `NativeConnection.consumed` says that a batch has been used.
   */
  StreamedObjects = 2,
  StreamedArrays = 3,
}

/**
 * Added to a `RowMode`: the core may ask for the rows in binary form, if they are many. Every column's type must be one
 * that it reads; see lib/types/binary-results.ts.
 */
export const BINARY_ALLOWED = 4;

/** A connection option as the library itself lists it (`PQconndefaults`). */
export interface LibraryConnectionOption {
  readonly keyword: string;
  /** The variable of the environment that fills the option where a caller gives no value; '' for none. */
  readonly variable: string;
  /** What the library takes where nothing gives a value; '' for none. */
  readonly compiledDefault: string;
}

/** An opened client library. Never closed again: client libraries leave threads and exit handlers behind. */
export interface NativeLibrary {
  /** Where the dynamic linker found the file (absolute, as opened). */
  readonly path: string;
  readonly flavour: ClientLibraryFlavour;
  /** As the library reports it (120001 = 12.1; V8R3 says 80300), 0 when it does not say. */
  readonly version: number;
  readonly capabilities: ClientLibraryCapabilities;
  /** Connection options that the library knows; any other would make its connect call fail. */
  readonly connectionOptions: readonly LibraryConnectionOption[];
  /** What `NativeConnection` takes. */
  readonly handle: unknown;
}

export interface OpenLibraryOptions {
  /**
   * Absolute paths of the library's own dependencies that lie beside it, dependencies first; they are opened
   * before it so that it is bound to them and not to a copy elsewhere.
   */
  companions: readonly string[];
  /** Bind the library to its own dependencies instead of to Node's OpenSSL (RTLD_DEEPBIND). Off only for sanitizers. */
  isolate: boolean;
}

/** Why `openLibrary` failed; thrown as an Error with these properties. */
export interface OpenLibraryFailure extends Error {
  /** `open`: the dynamic linker refused (its words are the message). `symbols`: names are missing. `v7`: a V7 library. */
  failure: 'open' | 'symbols' | 'v7';
  /** For `symbols`: the required names that were not found, in the spelling of the flavour that fits best. */
  missing: string[];
}

/** Fields of an error or notice as the server sent them, by protocol letter (`C` = SQLSTATE, `M` = message, …). */
export type DiagnosticFields = Readonly<Record<string, string | undefined>>;

/** How a command failed. */
export interface NativeFailure {
  /** Present when the server said it. */
  fields: DiagnosticFields | undefined;
  /** The library's own message when the server said nothing. */
  message: string;
  /** The connection is gone. */
  lost: boolean;
  /** Whether any byte of the command can have left this machine. */
  sent: boolean;
  /**
   * How far a connection attempt had come: `tcp`, `tls`, `startup`, `auth`. `result` where the server has carried out
   * the command and its result could not be read. Else ''.
   */
  stage: string;
  /**
   * What it was, where that is known: the system gave no thread or descriptor; no memory could be had; what came from
   * the server is not what the protocol has.
   */
  reason?: 'resources' | 'memory' | 'protocol' | undefined;
}

/** A failure in one number, as the core passes it: two flags, then the stage, then the reason. Twin: `native/deliverer.cc`. */
export const enum FailureBits {
  Lost = 1,
  Sent = 2,
  /** Three bits, from 4 on. */
  Stage = 4,
  StageMask = 7,
  /** All above. */
  Reason = 32,
}

/** What a new connection says of its server. */
export interface ConnectionFacts {
  /** The parameters that the server reports: `server_version`, `DateStyle`, … */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** One of them. */
  parameter(name: string): string | undefined;
  backendPid: number;
  /** As the library makes it from `server_version` (120001); 0 where it does not understand that. */
  serverVersion: number;
  tls: boolean;
  tlsProtocol: string;
  tlsCipher: string;
}

/** Transaction status after a command, as the library reports it (same numbers in every library). */
export const enum TransactionStatus {
  Idle = 0,
  Active = 1,
  InTransaction = 2,
  InError = 3,
  Unknown = 4,
}

/**
 * How a command has gone, in one number as the core passes it: two flags, then a third, then the transaction status, then
 * flags of {@link AlteredSetting}.
 */
export const enum Outcome {
  EndOfResult = 1,
  EndOfCommand = 2,
  /** The connection is at work on the command that was offered to it. */
  GoesOn = 4,
  TransactionStatusShift = 3,
  TransactionStatusMask = 7,
  AlteredSettingsShift = 6,
}

/**
 * Settings of a session that values are read and written by, where the server reports that they are not as they must be:
 * another style than ISO, another encoding or another meaning of backslashes than at the login. Twin: `native/connection.h`.
 */
export const enum AlteredSetting {
  DateStyle = 1,
  ClientEncoding = 2,
  ConformingStrings = 4,
}

/** Appends `rowsPerCall` rows to the array; see lib/types/row-appender.ts. */
export type NativeAppender = (rows: unknown[], ...values: unknown[]) => void;

/** Appends rows whose values lie in the row cells; see lib/types/packed-rows.ts. */
export type NativePackedAppender = (rows: unknown[], count: number, ascii: string, utf16: string) => void;

/**
 * What the core calls, always from the event loop and never from inside a call down. A command ends by exactly one of
 * `result` with `endOfCommand`, `threw`, `failed`, `connected`, `described`, `cancelled`. A handler must not throw.
 */
export interface NativeHandlers<Shape extends object> {
  /**
   * A list of columns not seen before under this type map; what is returned comes back with every result that has it.
   * Six numbers per column: type OID, type modifier, type size, table OID, column number, format.
   */
  describe(typeMap: number, names: string[], numbers: Float64Array): Shape;
  appender(shape: Shape, mode: RowMode.Object | RowMode.Array, rowsPerCall: number): NativeAppender;
  packedAppender(shape: Shape, mode: RowMode.Object | RowMode.Array): NativePackedAppender;
  /**
   * The number of a command tag not seen before: the tag without its own numbers ('' for an empty query).
   */
  tag(number: number, text: string): void;
  /**
   * `rows` and `shape` are undefined where the statement returns none; `tag` is the number of the command tag, `count`
   * the number in it or -1. Without `EndOfResult` the command ended without a result (an empty script).
   *
   * @param outcome of {@link Outcome}
   */
  result(
    slot: number,
    rows: unknown[] | undefined,
    shape: Shape | undefined,
    tag: number,
    count: number,
    outcome: number,
  ): void;
  /** `result` of a command's only rows, which are still to be built as a {@link NativePackedAppender} builds them. */
  packedResult(
    slot: number,
    shape: Shape,
    mode: RowMode.Object | RowMode.Array,
    rowCount: number,
    ascii: string,
    utf16: string,
    tag: number,
    count: number,
    outcome: number,
  ): void;
  /** The command succeeded, but a converter threw while the rows were built; of a stream, those of one batch. */
  threw(slot: number, thrown: unknown, outcome: number): void;
  /**
   * @param fields of what the server said, undefined where it said nothing: of each its letter, its text and a NUL
   * @param what of {@link FailureBits}
   */
  failed(slot: number, fields: string | undefined, message: string, what: number, outcome: number): void;
  /** `parameters`: names and values of {@link ConnectionFacts.parameters} in turn, each ended by a NUL. */
  connected(
    slot: number,
    parameters: string,
    backendPid: number,
    serverVersion: number,
    tls: boolean,
    tlsProtocol: string,
    tlsCipher: string,
  ): void;
  described(slot: number, parameterTypes: Uint32Array, columnTypes: Uint32Array): void;
  /**
   * The server has begun a COPY: of `copyIn` it ends the command, of `copyOut` bytes follow. `binary`: in the binary
   * format.
   */
  copying(slot: number, binary: boolean): void;
  /** Bytes of a `copyOut`, whole rows, which count as a batch of a stream. */
  copyData(slot: number, bytes: Buffer): void;
  notice(connection: number, fields: string): void;
  notification(connection: number, channel: string, payload: string, backendPid: number): void;
  /** An idle connection is gone. */
  lost(connection: number, fields: string | undefined, message: string, what: number): void;
  /** The cancel request has been taken by the server, or could not be sent (`message` is not ''). */
  cancelled(slot: number, message: string): void;
  /** More waits to be handed over: call `drain` in a later turn of the event loop. */
  later(): void;
}

/**
 * One connection. One command at a time; only `cancel`, `close` and what concerns the next command may be called while
 * one runs.
 */
export interface NativeConnection {
  /**
   * `keywords`: the library's connection keywords and their values in turn, each ended by a NUL. Where the first keyword
   * is empty its value is a connection string, the only form in which the library takes an empty value.
   */
  connect(slot: number, keywords: string, password: string | undefined): void;
  /** The parameters lie in the parameter buffer: `count` records in `length` bytes. */
  execute(slot: number, sql: string, count: number, length: number, mode: RowMode, typeMap: number): void;
  prepare(slot: number, statement: number, sql: string): void;
  describe(slot: number, statement: number): void;
  /** `mode`: a `RowMode`, and `BINARY_ALLOWED` or not. */
  executePrepared(
    slot: number,
    statement: number,
    count: number,
    length: number,
    mode: number,
    typeMap: number,
  ): void;
  /**
   * As `executePrepared`, to be begun as soon as the command under way has ended well and outside a transaction block,
   * without asking here: `Outcome.GoesOn` tells. Otherwise it waits for `runNext` or `takeNextBack`.
   */
  offerPrepared(
    slot: number,
    statement: number,
    count: number,
    length: number,
    mode: number,
    typeMap: number,
  ): void;
  /** False when the connection has gone on with it, or none was offered. */
  takeNextBack(): boolean;
  /** Begins what was offered, on the idle connection. */
  runNext(): void;
  /**
   * As `executePrepared`, to be sent together with others, on the idle connection: by `runJoined`, which must follow the
   * first that was taken. False where it has to be run by itself: the library cannot, or it is too large.
   */
  joinPrepared(
    slot: number,
    statement: number,
    count: number,
    length: number,
    mode: number,
    typeMap: number,
  ): boolean;
  /**
   * Sends what has joined. Each ends by a call of its own, in their order, and with `Outcome.GoesOn` but for the last; so
   * does what is left of them when the connection is lost.
   */
  runJoined(): void;
  /** As `executePrepared` with the parameters of several rows, by the library's multi-row Bind. */
  executePreparedRows(
    slot: number,
    statement: number,
    count: number,
    length: number,
    mode: RowMode,
    typeMap: number,
    rows: number,
  ): void;
  /**
   * Values that the next command's parameters refer to, in their order. Where the command is told of parameters but of no
   * bytes in the buffer, the one value is all of them, in binary: of each an int32, most significant byte first, with its
   * length or -1 for NULL, then its bytes. They must stay as they are until the end of that command.
   */
  lend(values: readonly Uint8Array[]): void;
  /** Begins COPY … FROM STDIN; after `copying` the connection takes `copyData` and `copyEnd` and nothing else. */
  copyIn(slot: number, sql: string): void;
  /** Ends by `result` with `TransactionStatus.Active`. The bytes must stay as they are until then. */
  copyData(slot: number, pieces: readonly Uint8Array[]): void;
  /** With a reason the COPY fails, which the server answers by an error. */
  copyEnd(slot: number, reason?: string): void;
  /** Runs COPY … TO STDOUT. */
  copyOut(slot: number, sql: string): void;
  /** A batch of a stream, one of those that `result` and `copyData` have brought, has been used. */
  consumed(): void;
  /**
   * Several statements by the simple protocol. Their rows are counted, not delivered, unless a row mode and a type map are
   * given, before which 0 stands for the number and the length of parameters.
   */
  script(slot: number, sql: string): void;
  script(slot: number, sql: string, count: 0, length: 0, mode: RowMode, typeMap: number): void;
  /** Ends by `cancelled`, whatever becomes of the command. Throws only on a connection that was closed. */
  cancel(slot: number): void;
  /** Whether `notice` is to be called: else notices end where they come in, at no cost here. At any time. */
  wantNotices(wanted: boolean): void;
  /** Whether a whole answer counts although the server sends more than belongs to it; the connection is lost behind it. */
  keepAnswers(keep: boolean): void;
  close(): void;
}

/**
 * One driver's part of the addon. A process may evaluate the JavaScript more than once over one copy of the addon; each
 * has a core of its own, and nothing of one reaches the other.
 */
export interface NativeCore {
  /** Pairs of type OID and `Decoder`. */
  registerTypeMap(pairs: Uint32Array): number;
  releaseTypeMap(typeMap: number): void;
  setParameterBuffer(buffer: Uint8Array): void;
  /** Takes what waits behind a library that keeps the thread which connects to another thread. */
  relieveConnectors(): void;
}

export interface NativeAddon {
  openLibrary(path: string, options: OpenLibraryOptions): NativeLibrary;
  drain(): void;
  stop(): void;
  /**
   * `numbers` and `kinds` are where the values of rows are laid before a {@link NativePackedAppender} is called.
   * `portableWait` uses the wait that every system has instead of the best one; for tests. `loopWatch` has the event
   * loop see for itself that a connection is ready; only where it is libuv's, and only on Linux.
   */
  readonly NativeCore: new <Shape extends object>(
    handlers: NativeHandlers<Shape>,
    numbers: Float64Array,
    kinds: Uint8Array,
    portableWait: boolean,
    loopWatch: boolean,
  ) => NativeCore;
  /** Prepared statements are called by `statementPrefix` ('kbn' where it is left out) and their number on the server. */
  readonly NativeConnection: new (
    core: NativeCore,
    id: number,
    library: unknown,
    statementPrefix?: string,
  ) => NativeConnection;
}
