import type { Telemetry } from '../../observability/telemetry.js';

/** A call that goes on after it has begun to answer: those who watch are told of it when it has ended. */
export class StreamedCall {
  private settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  /** @param rows how many there have been, when it has ended */
  constructor(
    private readonly telemetry: Telemetry,
    private readonly traceContext: unknown,
    private readonly rows: () => number | undefined,
  ) {}

  /** Runs `start`, at once, and inside the call for those who watch. */
  begin<R>(sql: string, parameters: readonly unknown[], start: () => R): R {
    const started: R[] = [];
    const life = (): Promise<void> =>
      new Promise<void>((resolve, reject) => {
        this.settle = { resolve, reject };
        started.push(start());
      });
    const { telemetry } = this;
    const living = telemetry.watchesQueries
      ? telemetry.query(sql, parameters, this.traceContext, this.rows, life)
      : life();
    // Whoever uses the stream has the error; this is for those who watch.
    living.catch(() => undefined);
    return started[0] as R;
  }

  /** False where it had not begun, or has ended before. */
  end(error?: unknown): boolean {
    const { settle } = this;
    if (settle === undefined) return false;
    this.settle = undefined;
    if (error === undefined) settle.resolve();
    else settle.reject(error);
    return true;
  }
}
