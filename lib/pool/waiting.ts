import type { Operation } from '../driver/session.js';

/** An operation that waits for a session. */
export interface Waiter {
  readonly operation: Operation;
  /** `performance.now()` when it began to wait. */
  readonly since: number;
  /** When it gives up; Infinity for never. */
  readonly deadline: number;
}

/** Those who wait, first come first served. Taking and putting are O(1), for under load every operation queues. */
export class WaitingLine {
  private items: Waiter[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  get first(): Waiter | undefined {
    return this.items[this.head];
  }

  push(waiter: Waiter): void {
    this.items.push(waiter);
  }

  /** Goes before all others: it has waited already. */
  unshift(waiter: Waiter): void {
    if (this.head > 0) this.items[--this.head] = waiter;
    else this.items.unshift(waiter);
  }

  shift(): Waiter | undefined {
    if (this.head === this.items.length) return undefined;
    const waiter = this.items[this.head++];
    if (this.head === this.items.length) {
      this.items.length = 0;
      this.head = 0;
    } else if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return waiter;
  }

  /** Takes one out of the middle; false where it is not there. */
  remove(operation: Operation): boolean {
    const at = this.items.findIndex((waiter, i) => i >= this.head && waiter.operation === operation);
    if (at < 0) return false;
    this.items.splice(at, 1);
    return true;
  }

  /** Empties the line. */
  takeAll(): Waiter[] {
    const all = this.items.slice(this.head);
    this.items = [];
    this.head = 0;
    return all;
  }
}
