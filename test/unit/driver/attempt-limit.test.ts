import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AttemptLimit } from '../../../lib/driver/attempt-limit.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('AttemptLimit', () => {
  const begun = (limit: AttemptLimit) => {
    const attempt = { expire: vi.fn() };
    limit.begin(attempt);
    return attempt;
  };

  it('lets each attempt expire after its own time', () => {
    const limit = new AttemptLimit(1000);
    const first = begun(limit);
    vi.advanceTimersByTime(400);
    const second = begun(limit);
    vi.advanceTimersByTime(599);
    expect(first.expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(first.expire).toHaveBeenCalledTimes(1);
    expect(second.expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(400);
    expect(second.expire).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(5000);
    expect(first.expire).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves alone what has ended', () => {
    const limit = new AttemptLimit(1000);
    const first = begun(limit);
    limit.end(first);
    vi.advanceTimersByTime(900);
    const second = begun(limit);
    vi.advanceTimersByTime(999);
    expect(second.expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(second.expire).toHaveBeenCalledTimes(1);
    expect(first.expire).not.toHaveBeenCalled();
  });

  it('serves many by one timer', () => {
    const limit = new AttemptLimit(1000);
    for (let i = 0; i < 10; i++) begun(limit);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('limits what begins while another expires', () => {
    const limit = new AttemptLimit(1000);
    let next: ReturnType<typeof begun> | undefined;
    limit.begin({ expire: () => (next = begun(limit)) });
    vi.advanceTimersByTime(1000);
    vi.advanceTimersByTime(1000);
    expect(next?.expire).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits no shorter for a limit that no timer can have', () => {
    const limit = new AttemptLimit(2 ** 33);
    const attempt = begun(limit);
    vi.advanceTimersByTime(2 ** 32);
    expect(attempt.expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2 ** 33);
    expect(attempt.expire).toHaveBeenCalledTimes(1);
  });
});
