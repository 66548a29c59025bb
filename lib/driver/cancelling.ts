import type { NativeConnection } from '../addon/interface.js';
import type { CommandHandler, Core } from './core.js';

/** ms between cancel requests for the same operation. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5_000;

/** What cancelling needs of a session. */
export interface CancellingHost {
  readonly core: Core;
  readonly native: NativeConnection;
  /** ms that a cancelled operation may take to end, 0 = any time. */
  readonly patience: number;
  /** A request has been taken by the server, or could not be sent. Whether the operation still runs, so that it is sent again. */
  cancelRequestEnded(operation: object | undefined): boolean;
  /** The operation has not ended in time. */
  cancelledInVain(): void;
}

/** The cancel requests for what a session runs. */
export class Cancelling {
  private requests = 0;
  private again: NodeJS.Timeout | undefined;
  private deadline: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: CancellingHost,
    /** Of a request, but for its end. */
    private readonly ignore: CommandHandler,
  ) {}

  /** A request is on its way, which would hit whatever the session runs by then. */
  get onItsWay(): boolean {
    return this.requests > 0;
  }

  /** A request is on its way, or is to be sent again. */
  get underWay(): boolean {
    return this.requests > 0 || this.again !== undefined;
  }

  begin(operation: object | undefined): void {
    const { patience } = this.host;
    if (patience > 0) this.deadline ??= setTimeout(() => this.host.cancelledInVain(), patience);
    this.send(operation, FIRST_PAUSE);
  }

  /** No further request is sent; the time limit stays. */
  stopRepeating(): void {
    clearTimeout(this.again);
    this.again = undefined;
  }

  stop(): void {
    if (this.deadline === undefined && this.again === undefined) return;
    this.stopRepeating();
    clearTimeout(this.deadline);
    this.deadline = undefined;
  }

  /**
   * A cancel request has a connection of its own and can overtake the command that it is meant for, and then the server
   * ignores it. So it is sent again, after a pause, for as long as the operation goes on.
   */
  private send(operation: object | undefined, pause: number): void {
    const { core, native } = this.host;
    this.requests++;
    const slot = core.occupy({
      ...this.ignore,
      cancelled: () => {
        core.vacate(slot);
        this.requests--;
        if (!this.host.cancelRequestEnded(operation)) return;
        this.again = setTimeout(() => {
          this.again = undefined;
          this.send(operation, Math.min(pause * 2, LONGEST_PAUSE));
        }, pause);
        this.again.unref();
      },
    });
    native.cancel(slot);
  }
}
