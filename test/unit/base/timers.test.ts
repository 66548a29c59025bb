import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LONGEST_TIMER, startTimer } from '../../../lib/base/timers.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('startTimer', () => {
  it.each([
    [-5, 1],
    [0, 1],
    [0.2, 1],
    [7.01, 8],
    [2 ** 31, LONGEST_TIMER],
    [Infinity, LONGEST_TIMER],
  ])('with %d ms fires after %d ms and not before', (asked, real) => {
    const run = vi.fn();
    startTimer(run, asked);
    vi.advanceTimersByTime(real - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });
});
