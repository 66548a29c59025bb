import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Script } from '../../../lib/driver/operations/script.js';
import { WaitingLine, type Waiter } from '../../../lib/pool/waiting.js';

const nothing = (): void => undefined;

function waiter(): Waiter {
  return { operation: new Script('', nothing, nothing), since: 0, deadline: Infinity };
}

/** What can be done to a line; the number says to which of those who wait. */
type Step = { does: 'push' | 'unshift' | 'shift' | 'takeAll' } | { does: 'remove'; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ does: 'push' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ does: 'unshift' }) },
  { weight: 5, arbitrary: fc.constant<Step>({ does: 'shift' }) },
  { weight: 2, arbitrary: fc.nat({ max: 20 }).map((at): Step => ({ does: 'remove', at })) },
  { weight: 1, arbitrary: fc.constant<Step>({ does: 'takeAll' }) },
);

describe('WaitingLine', () => {
  it('is a line: does what a plain list would, whatever is done to it in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const line = new WaitingLine();
        let list: Waiter[] = [];
        const gone: Waiter[] = [];
        for (const todo of steps) {
          const next = waiter();
          switch (todo.does) {
            case 'push':
              line.push(next);
              list.push(next);
              break;
            case 'unshift':
              line.unshift(next);
              list.unshift(next);
              break;
            case 'shift': {
              const expected = list.shift();
              expect(line.shift()).toBe(expected);
              if (expected !== undefined) gone.push(expected);
              break;
            }
            case 'takeAll':
              expect(line.takeAll()).toEqual(list);
              gone.push(...list);
              list = [];
              break;
            case 'remove': {
              const chosen = list[todo.at] ?? gone.at(-1) ?? next;
              expect(line.remove(chosen.operation)).toBe(list.includes(chosen));
              list = list.filter((each) => each !== chosen);
              break;
            }
          }
          expect(line.length).toBe(list.length);
          expect(line.first).toBe(list[0]);
        }
        expect(line.takeAll()).toEqual(list);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps its order while thousands come and go and it never runs empty', () => {
    const line = new WaitingLine();
    const order: Waiter[] = [];
    let served = 0;
    for (let round = 0; round < 5_000; round++) {
      for (let i = 0; i < 3; i++) {
        order.push(waiter());
        line.push(order.at(-1)!);
      }
      expect(line.shift()).toBe(order[served++]);
      expect(line.shift()).toBe(order[served++]);
    }
    expect(line.length).toBe(order.length - served);
    expect(line.takeAll()).toEqual(order.slice(served));
  });

  it('may be left from the head, also after others have gone', () => {
    const line = new WaitingLine();
    const [first, second, third] = [waiter(), waiter(), waiter()];
    for (const each of [first, second, third]) line.push(each);
    expect(line.shift()).toBe(first);
    expect(line.remove(first.operation)).toBe(false);
    expect(line.remove(second.operation)).toBe(true);
    expect(line.remove(second.operation)).toBe(false);
    expect([line.length, line.first]).toEqual([1, third]);
  });
});
