import { nothing } from '../base/nothing.js';
import type { Position } from './position.js';

/**
 * Up to where the log goes that has everything of what was written through this database. The primary is asked for it when
 * it is needed and something was written since it was asked last, and not after each write.
 */
export class Ledger {
  /** Counts what may have been a write. */
  writes = 0;
  /** Up to which of them `position` goes. */
  private covered = 0;
  position: Position | undefined;
  private asking: Promise<void> | undefined;

  /** @param ask gives the primary's position at a moment after the call */
  constructor(private readonly ask: () => Promise<Position>) {}

  /** Something may have been written. */
  note(): void {
    this.writes++;
  }

  /** The log is not the one any more in which the position lies: what it goes up to is asked anew when it is needed. */
  forget(): void {
    this.covered = 0;
    this.position = undefined;
  }

  /** Whether `position` has everything up to write number `write`. */
  covers(write: number): boolean {
    return this.covered >= write;
  }

  /** Asks, once for all who call in the meantime; who called too late for it has to ask again. */
  refresh(): Promise<void> {
    if (this.asking !== undefined) return this.asking;
    const upTo = this.writes;
    const asking = this.ask().then((position) => {
      this.position = position;
      this.covered = upTo;
    });
    this.asking = asking;
    const ended = (): void => {
      this.asking = undefined;
    };
    asking.then(ended, ended);
    asking.catch(nothing);
    return asking;
  }

  /** The position of everything written before the call. Rejects where there is no primary to be asked. */
  async current(): Promise<Position> {
    const write = this.writes;
    while (this.position === undefined || !this.covers(write)) await this.refresh();
    return this.position;
  }
}
