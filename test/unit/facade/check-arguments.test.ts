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

describe('a statement as other drivers take it', () => {
  it.each<[string, () => unknown, RegExp, RegExp | undefined]>([
    [
      '{ text, values }',
      () => ({ text: 'SELECT 1', values: [] }),
      /not an object/,
      /two arguments: query\(text, values\)/,
    ],
    [
      'a template',
      () => Object.assign(['SELECT 1'], { raw: ['SELECT 1'] }),
      /not an array/,
      /db\.sql`SELECT …`/,
    ],
    ['a Buffer', () => Buffer.from('SELECT 1'), /not a Uint8Array/, /toString\(\)/],
    ['undefined', () => undefined, /not undefined/, undefined],
  ])('%s is refused with what to write', async (_, statement, message, hint) => {
    const error = await db.query(statement() as string).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'KB_BAD_STATEMENT',
      message: expect.stringMatching(message) as string,
    });
    if (hint === undefined) expect(error).not.toHaveProperty('hint');
    else expect(error).toMatchObject({ hint: expect.stringMatching(hint) as string });
  });
});

describe('an option as other drivers have it', () => {
  it.each([
    ['jdbc:kingbase8://h/d?keepalivesIdle=5', /open\(string, \{ keepalivesIdle: … \}\)/],
    ['Driver={K};Server=h;keepalivesIdle=5', /open\(string, \{ keepalivesIdle: … \}\)/],
    ['jdbc:kingbase8://h/d?nonsense=5', /^docs\/connection-strings\.md lists the keys\.$/],
  ])('in %s is refused with where it goes, and no list of 80 names', (string, hint) => {
    const error = refusal(() => open(string));
    expect(error.hint).toMatch(hint);
    expect(error.hint?.length).toBeLessThan(200);
  });

  it('ssl says what each of its forms is here', () => {
    const error = refusal(() => open({ ssl: { ca: 'x' } } as object));
    expect(error.message).toBe('Unknown option "ssl"; did you mean "sslMode"?');
    expect(error.hint).toMatch(/sslRootCert/);
  });
});
