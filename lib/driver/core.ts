import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { UsageError } from '../errors/index.js';
import { PackedCells } from '../types/packed-rows.js';
import { ParameterWriter } from '../types/parameter-writer.js';
import type { TypeMap } from '../types/type-map.js';
import { loadBuiltAddon, loadOther } from './built-addon.js';
import { thrownError } from './failure.js';
import {
  FailureBits,
  Outcome,
  TransactionStatus,
  type ConnectionFacts,
  type DiagnosticFields,
  type NativeAddon,
  type NativeConnection,
  type NativeCore,
  type NativeFailure,
  type NativeHandlers,
  type NativeLibrary,
} from '../addon/interface.js';
import { providedAddon } from './provided-addon.js';
import { ResultShape, type StatementResult } from './result-shape.js';

/**
 * Receives what becomes of the commands of one slot: each is ended by exactly one call of `ended`, `drained`,
 * `described`, `failed`, `connected` or `cancelled`. A connection has a slot for as long as it lives, since it runs one
 * command at a time; a cancel request has one of its own.
 */
export interface CommandHandler {
  result(result: StatementResult, complete: boolean): void;
  threw(thrown: unknown, over: boolean): void;
  /** @param altered flags of {@link AlteredSetting} */
  ended(transactionStatus: TransactionStatus, altered?: number): void;
  drained(): void;
  failed(failure: NativeFailure, transactionStatus: TransactionStatus, altered?: number): void;
  /** Comes before the end of a command: the connection is at work on the next one. */
  goesOn(): void;
  connected(facts: ConnectionFacts): void;
  described(parameterTypes: Uint32Array, columnTypes: Uint32Array): void;
  copying(binary: boolean): void;
  copyData(bytes: Buffer): void;
  cancelled(message: string): void;
}

/** Receives what a connection says outside of commands. */
export interface ConnectionListener {
  notice(fields: DiagnosticFields): void;
  notification(channel: string, payload: string, backendPid: number): void;
  lost(failure: NativeFailure): void;
}

/**
 * This driver's part of the loaded addon: which command each slot belongs to, which connection each id, and
 * the buffers that parameters are written to and rows are read from.
 */
export class Core {
  private readonly writer = new ParameterWriter();
  private writing = false;
  /** The bytes that the core reads parameters from. */
  private published: Uint8Array | undefined;
  /** Where the core lays the values of rows. */
  private readonly cells = new PackedCells();
  private readonly handlers: (CommandHandler | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private readonly listeners = new Map<number, ConnectionListener>();
  private nextConnection = 1;
  private readonly typeMaps = new Map<number, WeakRef<TypeMap>>();
  private lastTypes: { map: TypeMap | undefined; id: number } = { map: undefined, id: 0 };
  private readonly typeMapIds = new WeakMap<TypeMap, number>();
  private readonly collectedTypeMaps: FinalizationRegistry<number>;

  private readonly native: NativeCore;

  constructor(readonly addon: NativeAddon) {
    this.collectedTypeMaps = new FinalizationRegistry((id) => {
      this.typeMaps.delete(id);
      this.native.releaseTypeMap(id);
    });
    const { cells } = this;
    const portableWait = process.env['KINGBASE_NATIVE_PORTABLE_WAIT'] === '1';
    const loopWatch = process.env['KINGBASE_NATIVE_LOOP_WATCH'] !== '0' && hasLibuv();
    this.native = new addon.NativeCore(
      this.nativeHandlers(),
      cells.numbers,
      cells.kinds,
      portableWait,
      loopWatch,
    );
    stopAtExit(addon);
  }

  /** A connection that `listener` hears of under `id`. */
  connection(id: number, library: NativeLibrary, statementPrefix?: string): NativeConnection {
    return new this.addon.NativeConnection(this.native, id, library.handle, statementPrefix);
  }

  /** A slot for `handler`, until it is vacated. */
  occupy(handler: CommandHandler): number {
    const slot = this.freeSlots.pop() ?? this.handlers.length;
    this.handlers[slot] = handler;
    return slot;
  }

  /** From now on `handler` is told what becomes of the commands of the slot. */
  handle(slot: number, handler: CommandHandler): void {
    this.handlers[slot] = handler;
  }

  /** Nothing must be under way in the slot any more. */
  vacate(slot: number): void {
    this.handlers[slot] = undefined;
    this.freeSlots.push(slot);
  }

  addListener(listener: ConnectionListener): number {
    const id = this.nextConnection++;
    this.listeners.set(id, listener);
    return id;
  }

  removeListener(id: number): void {
    this.listeners.delete(id);
  }

  /**
   * Writes the parameters to where the core reads them. The writer that is returned says how many and how long they
   * are; call its `trim` once the command has been begun, which copies them.
   *
   * @throws UsageError `KB_BAD_PARAMETER`, and whatever a caller's serializer throws
   */
  writeParameters(
    values: readonly unknown[],
    parameterTypes: Uint32Array | undefined,
    types: TypeMap,
  ): ParameterWriter {
    // A caller's own serializer or toJSON runs while we write, and may itself run a query.
    const nested = this.writing;
    const writer = nested ? new ParameterWriter() : this.writer;
    this.writing = true;
    try {
      writer.reset();
      for (let i = 0; i < values.length; i++) writer.write(values[i], parameterTypes?.[i] ?? 0, i, types);
    } finally {
      this.writing = nested;
    }
    if (this.published !== writer.bytes) {
      this.published = writer.bytes;
      this.native.setParameterBuffer(writer.bytes);
    }
    return writer;
  }

  /** Has connection attempts go on that wait behind a library which does not come back from another one. */
  relieveConnectors(): void {
    this.native.relieveConnectors();
  }

  /** The core's number for a type map. The map must be kept alive for as long as the number is used. */
  typeMapId(types: TypeMap): number {
    if (types === this.lastTypes.map) return this.lastTypes.id;
    let id = this.typeMapIds.get(types);
    if (id === undefined) {
      id = this.native.registerTypeMap(types.decoders);
      this.typeMapIds.set(types, id);
      this.typeMaps.set(id, new WeakRef(types));
      this.collectedTypeMaps.register(types, id);
    }
    this.lastTypes = { map: types, id };
    return id;
  }

  private nativeHandlers(): NativeHandlers<ResultShape> {
    const { handlers, listeners, addon, cells } = this;
    const tags: string[] = [];
    const handlerOf = (slot: number, outcome: number): CommandHandler | undefined => {
      const handler = handlers[slot];
      if ((outcome & Outcome.GoesOn) !== 0) handler?.goesOn();
      return handler;
    };
    const end = (handler: CommandHandler, outcome: number): void => {
      const status = statusOf(outcome);
      const altered = outcome >> Outcome.AlteredSettingsShift;
      // Only between the pieces of a COPY … FROM STDIN a command ends while the server is still at work.
      if (status === TransactionStatus.Active) handler.drained();
      else handler.ended(status, altered);
    };
    return {
      describe: (typeMap, names, numbers) =>
        new ResultShape(names, numbers, typeMap, this.typeMaps.get(typeMap)?.deref()),
      appender: (shape, mode, rowsPerCall) => shape.appender(mode, rowsPerCall),
      packedAppender: (shape, mode) => shape.keptPackedAppender(mode, cells),
      packedResult: (slot, shape, mode, rowCount, ascii, utf16, tag, count, outcome) => {
        const handler = handlerOf(slot, outcome);
        if (handler === undefined) return;
        const rows: unknown[] = [];
        let thrown: { error: unknown } | undefined;
        try {
          shape.packedAppender(mode, cells)(rows, rowCount, ascii, utf16);
        } catch (error) {
          thrown = { error: thrownError(error) };
        }
        if (thrown === undefined) handler.result({ rows, shape, command: tags[tag] ?? '', count }, true);
        else handler.threw(thrown.error, true);
        end(handler, outcome);
      },
      tag: (number, text) => {
        tags[number] = text;
      },
      result: (slot, rows, shape, tag, count, outcome) => {
        const handler = handlerOf(slot, outcome);
        if (handler === undefined) return;
        const complete = (outcome & Outcome.EndOfResult) !== 0;
        if (complete || rows !== undefined) {
          handler.result({ rows, shape, command: tags[tag] ?? '', count }, complete);
        }
        if ((outcome & Outcome.EndOfCommand) !== 0) end(handler, outcome);
      },
      threw: (slot, thrown, outcome) => {
        const handler = handlerOf(slot, outcome);
        if (handler === undefined) return;
        const over = (outcome & Outcome.EndOfCommand) !== 0;
        handler.threw(thrownError(thrown), over);
        if (over) end(handler, outcome);
      },
      failed: (slot, fields, message, what, outcome) =>
        handlerOf(slot, outcome)?.failed(
          failureOf(fields, message, what),
          statusOf(outcome),
          outcome >> Outcome.AlteredSettingsShift,
        ),
      connected: (slot, parameters, backendPid, serverVersion, tls, tlsProtocol, tlsCipher) =>
        handlers[slot]?.connected(
          new ReportedFacts(parameters, backendPid, serverVersion, tls, tlsProtocol, tlsCipher),
        ),
      described: (slot, parameterTypes, columnTypes) =>
        handlers[slot]?.described(parameterTypes, columnTypes),
      copying: (slot, binary) => handlers[slot]?.copying(binary),
      copyData: (slot, bytes) => handlers[slot]?.copyData(bytes),
      cancelled: (slot, message) => handlers[slot]?.cancelled(message),
      notice: (connection, fields) => listeners.get(connection)?.notice(fieldsOf(fields)),
      notification: (connection, channel, payload, backendPid) =>
        listeners.get(connection)?.notification(channel, payload, backendPid),
      lost: (connection, fields, message, what) =>
        listeners.get(connection)?.lost(failureOf(fields, message, what)),
      later: () => {
        setImmediate(() => {
          addon.drain();
        });
      },
    };
  }
}

/** By their numbers. */
const STATUSES = [
  TransactionStatus.Idle,
  TransactionStatus.Active,
  TransactionStatus.InTransaction,
  TransactionStatus.InError,
  TransactionStatus.Unknown,
] as const;

function statusOf(outcome: number): TransactionStatus {
  const status = (outcome >> Outcome.TransactionStatusShift) & Outcome.TransactionStatusMask;
  return STATUSES[status] ?? TransactionStatus.Unknown;
}

/** By their numbers; twins of `Stage` and `Failure::Reason` in native/failure.h. */
const STAGES = ['', 'tcp', 'tls', 'startup', 'auth', 'result'] as const;
const REASONS = [undefined, 'resources', 'memory', 'protocol'] as const;

function failureOf(fields: string | undefined, message: string, what: number): NativeFailure {
  return {
    fields: fields === undefined ? undefined : fieldsOf(fields),
    message,
    lost: (what & FailureBits.Lost) !== 0,
    sent: (what & FailureBits.Sent) !== 0,
    stage: STAGES[Math.trunc(what / FailureBits.Stage) & FailureBits.StageMask] ?? '',
    reason: REASONS[Math.trunc(what / FailureBits.Reason)],
  };
}

function fieldsOf(text: string): DiagnosticFields {
  const fields: Record<string, string> = {};
  for (const field of text.split('\0')) {
    if (field !== '') fields[field.charAt(0)] = field.slice(1);
  }
  return fields;
}

/**
 * At process.exit the C library runs its exit handlers while our threads still run; they are ended first. (On a normal
 * end and in worker threads the environment's own clean-up does it as well.) Once for each addon, however often the
 * JavaScript is evaluated.
 */
function stopAtExit(addon: NativeAddon): void {
  const stopped: unique symbol = Symbol.for('kingbase-native: stopped at exit') as never;
  const marked = process as { [stopped]?: WeakSet<NativeAddon> };
  const addons = (marked[stopped] ??= new WeakSet());
  if (addons.has(addon)) return;
  addons.add(addon);
  process.once('exit', () => {
    addon.stop();
  });
}

/** Whether the event loop is libuv's. Bun and Deno have its names as well, with nothing that works behind them. */
function hasLibuv(): boolean {
  const { platform, release, versions } = process;
  const others = versions['bun'] ?? versions['deno'];
  return platform === 'linux' && release.name === 'node' && others === undefined;
}

/** The parameters stay one text until a program asks for them. */
class ReportedFacts implements ConnectionFacts {
  private parsed: Record<string, string> | undefined;

  constructor(
    private readonly reported: string,
    readonly backendPid: number,
    readonly serverVersion: number,
    readonly tls: boolean,
    readonly tlsProtocol: string,
    readonly tlsCipher: string,
  ) {}

  get parameters(): Readonly<Record<string, string | undefined>> {
    if (this.parsed === undefined) {
      this.parsed = {};
      const parts = this.reported.split('\0');
      for (let i = 0; i + 1 < parts.length; i += 2) this.parsed[parts[i] ?? ''] = parts[i + 1] ?? '';
    }
    return this.parsed;
  }

  parameter(name: string): string | undefined {
    const { reported } = this;
    for (let at = 0; at < reported.length;) {
      const value = reported.indexOf('\0', at) + 1;
      const end = reported.indexOf('\0', value);
      if (value - 1 - at === name.length && reported.startsWith(name, at)) return reported.slice(value, end);
      at = end + 1;
    }
    return undefined;
  }
}

let core: Core | undefined;

/** Loads the addon at first use; importing the package loads nothing. */
export function loadCore(): Core {
  core ??= new Core(loadAddon());
  return core;
}

function loadAddon(): NativeAddon {
  // For sanitizer builds, which are not where node-gyp-build looks.
  for (const variable of ['KINGBASE_NATIVE_ADDON', 'KINGBASE_NATIVE_PREBUILD']) {
    const path = process.env[variable];
    if (path && !isAbsolute(path)) {
      throw new UsageError('KB_BAD_OPTION', `The variable ${variable} must be an absolute path.`, {
        hint: 'A relative path would load code from whatever the current directory happens to be.',
      });
    }
  }
  const explicit = process.env['KINGBASE_NATIVE_ADDON'];
  if (explicit !== undefined && explicit !== '') {
    const hint = 'KINGBASE_NATIVE_ADDON names it; without the variable the addon of the package is loaded.';
    return loadOther(`The native addon ${explicit}`, hint, () => {
      const module: { exports: object } = { exports: {} };
      process.dlopen(module, explicit);
      return module.exports;
    }) as NativeAddon;
  }
  const provide = providedAddon();
  if (provide === undefined) return loadBuiltAddon(packageDirectory()) as NativeAddon;
  const hint =
    'Copy the .node file to beside the bundle, where the bundler has not done so: see docs/bundlers.md.';
  return loadOther('The native addon of the bundle', hint, provide) as NativeAddon;
}

/**
 * The package's own directory: where its package.json lies, above this file, built or not. In a bundle another
 * package's may lie there, or none, and what those folders have under `build` or `prebuilds` is not ours to load.
 */
function packageDirectory(): string {
  for (let directory = __dirname; ; directory = dirname(directory)) {
    if (packageName(join(directory, 'package.json')) === 'kingbase-native') return directory;
    if (dirname(directory) === directory) return __dirname;
  }
}

function packageName(file: string): unknown {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}
