import { ConnectionError, DatabaseError, KingbaseError, TimeoutError } from 'kingbase-native';

/** Server errors that the load brings about itself, or that a fault explains. */
const EXPLAINED: ReadonlySet<string> = new Set([
  '22012', // a division by zero, on purpose
  '57014', // cancelled
  '57P01', // terminated
  '57P02', // a crash of another session
  '57P03', // starting up
  '53300', // too many connections
  '25006', // a demoted primary
]);

/** Sees every call that the load makes: how many, how they end, and whether they do. */
export class Watch {
  operations = 0;
  readonly byKind = new Map<string, number>();
  readonly errors = new Map<string, number>();
  /** Errors that nothing explains, and answers that were wrong. */
  readonly violations: string[] = [];
  /** How far calls with a time limit went beyond it, at most, in ms. */
  worstOverrun = 0;
  unhandled: unknown[] = [];
  private readonly open = new Map<number, string>();
  private next = 0;

  constructor() {
    process.on('unhandledRejection', (reason) => this.unhandled.push(reason));
    process.on('uncaughtException', (error) => this.unhandled.push(error));
  }

  /** Calls that have not ended. */
  get unsettled(): string[] {
    return [...this.open.values()];
  }

  /** @param limit ms after which the call was to end by itself */
  async call<T>(what: string, run: () => Promise<T>, limit?: number): Promise<T> {
    const number = this.next++;
    const start = performance.now();
    this.open.set(number, what);
    try {
      return await run();
    } finally {
      this.open.delete(number);
      if (limit !== undefined) {
        this.worstOverrun = Math.max(this.worstOverrun, performance.now() - start - limit);
      }
    }
  }

  completed(kind: string): void {
    this.operations++;
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
  }

  /** @param expected what the load itself has thrown or aborted with */
  failed(kind: string, error: unknown, expected?: unknown): void {
    this.operations++;
    if (error === expected && expected !== undefined) {
      this.count('cancelled or thrown by the load');
      return;
    }
    this.count(nameOf(error));
    const explained =
      error instanceof DatabaseError
        ? EXPLAINED.has(error.code)
        : error instanceof KingbaseError && isPlain(error);
    if (!explained) this.violation(`${kind} failed with ${nameOf(error)}: ${String(error)}`);
  }

  violation(text: string): void {
    this.violations.push(text);
  }

  private count(name: string): void {
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }
}

function isPlain({ code }: KingbaseError): boolean {
  return code.startsWith('KB_CONNECT') || code === 'KB_POOL_ACQUIRE_TIMEOUT' || code === 'KB_TIMEOUT';
}

function nameOf(error: unknown): string {
  if (error instanceof ConnectionError)
    return `${error.name} ${error.code} (${error.outcome ?? 'no outcome'})`;
  if (error instanceof TimeoutError) return `${error.name} ${error.code} (${error.operation})`;
  if (error instanceof KingbaseError) return `${error.name} ${error.code}`;
  return error instanceof Error ? error.name : typeof error;
}
