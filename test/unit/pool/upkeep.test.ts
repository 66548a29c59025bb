import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PoolOptions } from '../../../lib/config/index.js';
import type { Session } from '../../../lib/driver/session.js';
import { Upkeep, type Member, type UpkeepHost } from '../../../lib/pool/upkeep.js';
import { poolOptions } from '../../support/fake-sessions.js';

const nameOf = (session: Session): string => session as unknown as string;

/** A pool that has idle sessions, known by their names, and does what it is told. */
class Host implements UpkeepHost {
  poolOptions = poolOptions();
  minimum = 0;
  readonly told: string[] = [];
  readonly idle = new Map<string, Member>();

  add(name: string, member: Partial<Member> = {}): void {
    const now = performance.now();
    this.idle.set(name, { expiresAt: Infinity, idleSince: now, checkedAt: now, ...member });
  }

  idleMembers(): [Session, Member][] {
    return [...this.idle].map(([name, member]) => [name as unknown as Session, member]);
  }

  mayShrink(): boolean {
    return this.idle.size > this.minimum;
  }

  dropIdle(session: Session, why: 'lifetime' | 'idle'): void {
    this.told.push(`${nameOf(session)} dropped: ${why}`);
    this.idle.delete(nameOf(session));
  }

  heartbeat(session: Session): void {
    this.told.push(`${nameOf(session)} asked`);
    this.idle.get(nameOf(session))!.checkedAt = performance.now();
  }
}

let host: Host;
let upkeep: Upkeep;
const goesIdle = (name: string, member?: Partial<Member>): void => {
  host.add(name, member);
  upkeep.noticeIdle(host.idle.get(name)!);
};
const options = (changes: PoolOptions): void => {
  host.poolOptions = poolOptions(changes);
};

beforeEach(() => {
  vi.useFakeTimers();
  host = new Host();
  upkeep = new Upkeep(host);
});
afterEach(() => {
  upkeep.stop();
  vi.useRealTimers();
});

describe('Upkeep', () => {
  it('asks idle sessions at each interval, and no session before its time', () => {
    options({ heartbeatInterval: 1_000 });
    goesIdle('a');
    vi.advanceTimersByTime(600);
    goesIdle('b');
    expect(host.told).toEqual([]);
    vi.advanceTimersByTime(400);
    expect(host.told).toEqual(['a asked']);
    vi.advanceTimersByTime(600);
    expect(host.told).toEqual(['a asked', 'b asked']);
    vi.advanceTimersByTime(400);
    expect(host.told).toEqual(['a asked', 'b asked', 'a asked']);
  });

  it('drops what has been idle for too long, but not below the minimum', () => {
    options({ idleTimeout: 1_000 });
    host.minimum = 1;
    for (const name of ['a', 'b', 'c']) goesIdle(name);
    vi.advanceTimersByTime(999);
    expect(host.told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(host.told).toEqual(['a dropped: idle', 'b dropped: idle']);
    vi.advanceTimersByTime(10_000);
    expect([...host.idle.keys()]).toEqual(['c']);
  });

  it('drops what has reached its lifetime, also at the minimum, rather than asking it', () => {
    options({ heartbeatInterval: 1_000, idleTimeout: 1_000 });
    host.minimum = 2;
    goesIdle('a', { expiresAt: performance.now() + 700 });
    goesIdle('b');
    vi.advanceTimersByTime(700);
    expect(host.told).toEqual(['a dropped: lifetime']);
    vi.advanceTimersByTime(300);
    expect(host.told).toEqual(['a dropped: lifetime', 'b asked']);
  });

  it('does nothing where nothing is to be done', () => {
    goesIdle('a');
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10 ** 9);
    expect(host.told).toEqual([]);
  });

  it('follows options that change', () => {
    options({ heartbeatInterval: 60_000 });
    goesIdle('a');
    options({ heartbeatInterval: 100 });
    upkeep.rearm();
    vi.advanceTimersByTime(100);
    expect(host.told).toEqual(['a asked']);
    options({ heartbeatInterval: 0 });
    upkeep.rearm();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is one timer, whatever the number of sessions, and none when stopped', () => {
    options({ heartbeatInterval: 1_000, idleTimeout: 5_000 });
    for (let i = 0; i < 50; i++) {
      goesIdle(`session ${i}`);
    }
    expect(vi.getTimerCount()).toBe(1);
    upkeep.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never sets a timer that would fire at once because it is too far away', () => {
    options({ idleTimeout: 2 ** 40 });
    goesIdle('a', { expiresAt: performance.now() + 2 ** 45 });
    vi.advanceTimersByTime(1_000);
    expect(host.told).toEqual([]);
    expect(vi.getTimerCount()).toBe(1);
  });
});
