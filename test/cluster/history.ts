/** What clients have done and seen, and what must not be in it. Times are of `performance.now()`. */
export interface Event {
  readonly kind: 'write' | 'read';
  /** Which program it was: what it has written it must read. */
  readonly program: number;
  /** Which client of the program: what it has read it must go on reading. */
  readonly client: number;
  readonly key: number;
  readonly start: number;
  readonly end: number;
  /** The version of the register after the write, or as it was read; 0: there was none. */
  readonly version: number;
  /** The items of the list as they were read; of a write, the one that was appended. */
  readonly items: readonly string[];
  /** Of a read, what it was to show. What is `eventual` is checked as if it were `causal`. */
  readonly level: 'causal' | 'bounded' | 'eventual';
}

/** What the history of one key must show at a time. */
interface Known {
  version: number;
  items: readonly string[];
}

export interface Violations {
  /** A read did not show what its program had written before. */
  ownWrites: string[];
  /** A read did not show what one before it had shown. */
  goneBack: string[];
  /** A bounded read did not show what had been written more than the bound before. */
  tooOld: string[];
  /** What was acknowledged is not there at the end. */
  lost: string[];
  /** Two reads show lists of which neither is the beginning of the other. */
  forked: string[];
}

const NOTHING: Known = { version: 0, items: [] };

/**
 * Looks for violations. Only what surely came before a read counts: a write that was acknowledged, or a read that had ended,
 * before the read began.
 *
 * @param final each key at the end, as the primary shows it
 * @param maxLag ms of the bounded reads
 */
export function check(
  events: readonly Event[],
  final: ReadonlyMap<number, Known>,
  maxLag: number,
): Violations {
  const found: Violations = { ownWrites: [], goneBack: [], tooOld: [], lost: [], forked: [] };
  const byKey = new Map<number, Event[]>();
  for (const event of events) {
    const same = byKey.get(event.key);
    if (same === undefined) byKey.set(event.key, [event]);
    else same.push(event);
  }
  for (const [key, same] of byKey) checkKey(same, final.get(key) ?? NOTHING, maxLag, found);
  return found;
}

function checkKey(events: readonly Event[], final: Known, maxLag: number, found: Violations): void {
  const writes = events.filter(({ kind }) => kind === 'write').sort((a, b) => a.end - b.end);
  const reads = events.filter(({ kind }) => kind === 'read').sort((a, b) => a.start - b.start);
  for (const write of writes) {
    if (final.version < write.version) found.lost.push(`${name(write)}: at the end it is ${final.version}`);
    for (const item of write.items) {
      if (!final.items.includes(item)) found.lost.push(`${name(write)}: ${item} is not there at the end`);
    }
  }
  for (const read of reads) {
    const own = writes.filter(({ program, end }) => program === read.program && end < read.start);
    if (read.level !== 'bounded' && misses(read, own)) found.ownWrites.push(name(read));
    const old = writes.filter(({ end }) => end < read.start - maxLag);
    if (read.level === 'bounded' && misses(read, old)) found.tooOld.push(name(read));
    if (!isBeginning(read.items, final.items)) found.forked.push(`${name(read)}: ${read.items.join()}`);
  }
  const bySession = new Map<string, Event[]>();
  for (const read of reads.filter(({ level }) => level !== 'bounded')) {
    const session = `${read.program}/${read.client}`;
    const before = bySession.get(session) ?? [];
    const goesBack = before.some(
      ({ end, version, items }) =>
        end < read.start && (version > read.version || items.length > read.items.length),
    );
    if (goesBack) found.goneBack.push(name(read));
    bySession.set(session, [...before, read]);
  }
}

function misses(read: Event, before: readonly Event[]): boolean {
  const shown = new Set(read.items);
  return before.some(
    ({ version, items }) => version > read.version || items.some((item) => !shown.has(item)),
  );
}

function isBeginning(of: readonly string[], whole: readonly string[]): boolean {
  return of.every((item, index) => whole[index] === item);
}

function name({ kind, program, client, key, version, start }: Event): string {
  return `${kind} of key ${key} by ${program}/${client} at ${Math.round(start)} ms (version ${version})`;
}
