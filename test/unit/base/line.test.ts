import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Line } from '../../../lib/base/line.js';

interface Item {
  key: object;
}

function item(): Item {
  return { key: {} };
}

function newLine(): Line<Item, object> {
  return new Line(({ key }) => key);
}

/** What can be done to a line; the number says to which of those who wait. */
type Step = { does: 'push' | 'unshift' | 'shift' | 'takeAll' } | { does: 'remove'; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Step>({ does: 'push' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ does: 'unshift' }) },
  { weight: 5, arbitrary: fc.constant<Step>({ does: 'shift' }) },
  { weight: 3, arbitrary: fc.nat({ max: 20 }).map((at): Step => ({ does: 'remove', at })) },
  { weight: 1, arbitrary: fc.constant<Step>({ does: 'takeAll' }) },
);

describe('Line', () => {
  it('does what a plain list would, whatever is done to it in whatever order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const line = newLine();
        let list: Item[] = [];
        const gone: Item[] = [];
        for (const todo of steps) {
          const next = item();
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
              expect(line.remove(chosen.key)).toBe(list.includes(chosen) ? chosen : undefined);
              if (list.includes(chosen)) gone.push(chosen);
              list = list.filter((each) => each !== chosen);
              break;
            }
          }
          expect(line.length).toBe(list.length);
          expect(line.first).toBe(list[0]);
        }
        expect([...line]).toEqual(list);
      }),
      { numRuns: 300 },
    );
  });

  it('lets every one of many leave without looking at the others', () => {
    let looked = 0;
    const line = new Line<Item, object>(({ key }) => {
      looked++;
      return key;
    });
    const items = Array.from({ length: 10_000 }, item);
    for (const each of items) line.push(each);
    for (const each of items.reverse()) expect(line.remove(each.key)).toBe(each);
    expect(line.length).toBe(0);
    expect(looked).toBeLessThanOrEqual(2 * items.length);
  });
});
