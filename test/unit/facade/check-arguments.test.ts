import { describe, expect, it } from 'vitest';
import { KingbaseError, open } from '../../../lib/index.js';

function refusal(call: () => unknown): KingbaseError {
  try {
    call();
  } catch (error) {
    if (error instanceof KingbaseError) return error;
  }
  throw new Error('nothing was refused');
}

const db = open({ host: 'never.used' });
const on = (event: unknown): KingbaseError => refusal(() => db.on(event as 'notice', () => undefined));
const ALL = 'notice, connect, disconnect, unreachable, primary, standby, lag, leak';

describe('a listener for an event that there is not', () => {
  it('is told the name that was given, and all that there are', () => {
    const error = on('vacuum');
    expect(error).toMatchObject({ code: 'KB_BAD_PARAMETER', message: 'There is no event "vacuum".' });
    expect(error.hint).toBe(`The events are ${ALL}.`);
    expect(on('discnnect').message).toBe('There is no event "discnnect"; did you mean "disconnect"?');
    expect(on(['a']).message).toBe('The name of an event must be a string, not an array.');
  });

  it('sees the name cut and without control characters', () => {
    const { message } = on(`\x1b]0;x\x07${'y'.repeat(5000)}`);
    expect(message).toMatch(/^There is no event "\\u001b\]0;x\\u0007y{50,60}…"\.$/);
  });

  it.each([
    ['error', /^Nobody has to listen for errors: .*"disconnect".*"unreachable"/],
    ['remove', /"disconnect"/],
    ['acquire', /stats\(\)/],
    ['release', /stats\(\)/],
    ['notification', /listen\(/],
  ])('is told where to go from the event "%s" of pg', (event, hint) => {
    const error = on(event);
    expect(error.message).toBe(`There is no event "${event}".`);
    expect(error.hint).toMatch(hint);
    expect(error.hint).toContain(`The events are ${ALL}.`);
  });
});
