/** What has a deadline. */
export interface Due {
  /** `performance.now()` when its time is over. */
  readonly deadline: number;
  /** Ended before its deadline; it may still lie here. */
  readonly over: boolean;
}

/** So many that are over may lie here whatever the number of the others. */
const FEW = 64;

/**
 * Which of many is due first, in whatever order they came: a binary heap. One that ends before its deadline is left where it
 * lies until it comes up, or until most are like it, so that ending costs nothing here.
 */
export class Deadlines<T extends Due> {
  private heap: T[] = [];
  private over = 0;

  add(item: T): void {
    const { heap } = this;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.deadline <= item.deadline) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  /** One that lies here is over. */
  ended(): void {
    this.over++;
    if (this.over <= FEW || this.over * 2 < this.heap.length) return;
    const left = this.heap.filter((item) => !item.over);
    this.clear();
    for (const item of left) this.add(item);
  }

  /** The first deadline of those that are not over, `Infinity` where there is none. */
  next(): number {
    while (this.heap[0]?.over === true) {
      this.pop();
      this.over--;
    }
    return this.heap[0]?.deadline ?? Infinity;
  }

  /** Takes the first whose deadline is past. */
  takeDue(now: number): T | undefined {
    return this.next() <= now ? this.pop() : undefined;
  }

  clear(): void {
    this.heap.length = 0;
    this.over = 0;
  }

  private pop(): T | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.sink(last);
    return first;
  }

  /** Puts the item in the place of the first, and lower as long as others are due before it. */
  private sink(item: T): void {
    const { heap } = this;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && right.deadline < child.deadline) {
        below++;
        child = right;
      }
      if (child.deadline >= item.deadline) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = item;
  }
}
