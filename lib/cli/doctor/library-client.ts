import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ClientLibraryInfo, ConnectionConfig, ServerInfo } from '../../index.js';
import type { ErrorFacts } from '../../errors/explain/topic.js';

/** An error as it comes from the other process. */
export type RemoteFacts = ErrorFacts & { readonly name: string };

/** What each kind of request is answered with. */
export interface Answers {
  load: {
    /** Undefined where the addon could not be loaded. */
    readonly addon: string | undefined;
    readonly library: ClientLibraryInfo | undefined;
    readonly error: RemoteFacts | undefined;
  };
  login: {
    readonly processId: number;
    readonly tls: { protocol: string; cipher: string } | undefined;
    readonly serverParameters: Readonly<Record<string, string | undefined>>;
    readonly milliseconds: number;
  };
  simple: null;
  extended: { readonly answer: number | undefined };
  server: ServerInfo;
  /** ms each. */
  roundTrips: readonly number[];
  /** What one of several hosts is. */
  member: {
    readonly role: 'primary' | 'standby';
    /** In the log, in bytes: a whole number as text. */
    readonly place: string | undefined;
    readonly timeline: number | undefined;
    /** The same for all copies of one database system. */
    readonly system: string | undefined;
    readonly product: ServerInfo['product'];
    readonly release: string;
    readonly version: string;
    readonly tls: { protocol: string; cipher: string } | undefined;
    readonly milliseconds: number;
  };
  close: null;
}

/** What some kinds of request come with. */
export interface Arguments {
  load: { readonly config: string | ConnectionConfig; readonly overrides: Partial<ConnectionConfig> };
  roundTrips: { readonly count: number };
  /** Of the host in the configuration's list. */
  member: { readonly index: number };
}

export interface Request {
  readonly kind: keyof Answers;
  readonly argument: unknown;
}

export type Reply =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: RemoteFacts };

/** A request that the driver answered with an error. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';

  constructor(readonly facts: RemoteFacts) {
    super(facts.message);
  }
}

/** The process ended in the middle of a request: the library or the addon brought it down. */
export class ProcessCrash extends Error {
  override readonly name = 'ProcessCrash';

  constructor(
    /** Signal or exit code. */
    readonly how: string,
    /** The last it said. */
    readonly stderr: string,
  ) {
    super(`The process ended with ${how}.`);
  }
}

/** The process in which the client library runs; see library-process.ts. One request at a time. */
export class LibraryProcess {
  private readonly child: ChildProcess;
  private stderr = '';

  /** @param limit ms for a request; for what the driver itself does not limit */
  constructor(
    environment: NodeJS.ProcessEnv,
    private readonly limit: number,
  ) {
    this.child = fork(join(__dirname, 'library-process.js'), [], {
      env: environment,
      // Options of this process, such as a debugger's port, are not for that one.
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.setEncoding('utf8').on('data', (words: string) => {
      this.stderr = (this.stderr + words).slice(-2_000);
    });
  }

  /** Throws a RemoteError or a ProcessCrash. */
  async request<K extends keyof Answers>(
    kind: K,
    ...[argument]: K extends keyof Arguments ? [Arguments[K]] : []
  ): Promise<Answers[K]> {
    const { child } = this;
    const reply = await new Promise<Reply>((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off('message', answered).off('close', ended).off('error', reject);
        act();
      };
      const answered = (message: unknown): void => {
        settle(() => {
          resolve(message as Reply);
        });
      };
      const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
        settle(() => {
          reject(new ProcessCrash(signal ?? `exit code ${code ?? 'unknown'}`, this.stderr.trim()));
        });
      };
      const timer = setTimeout(() => {
        settle(() => {
          child.kill('SIGKILL');
          const message = `The client library did not come back within ${this.limit} ms.`;
          reject(new RemoteError({ name: 'TimeoutError', code: 'KB_TIMEOUT', message }));
        });
      }, this.limit);
      child.on('message', answered).on('close', ended).on('error', reject);
      if (!child.connected) {
        ended(child.exitCode, child.signalCode);
        return;
      }
      child.send({ kind, argument } satisfies Request);
    });
    if (!reply.ok) throw new RemoteError(reply.error);
    return reply.value as Answers[K];
  }

  /** Ends the process, whatever it is doing. */
  async end(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
    try {
      if (child.connected) child.send({ kind: 'close', argument: undefined } satisfies Request);
      else child.kill('SIGKILL');
      await ended;
    } finally {
      clearTimeout(timer);
    }
  }
}
